#include "app/netpol_answers.h"

#include "app/exit.h"

namespace ameia::app {

base::Result<NetpolAnswers> NetpolAnswers::of(const std::vector<std::string>& paths, Console& console) {
  return of(TRY(load_estate(paths, console)), console);
}

NetpolAnswers NetpolAnswers::of(Estate estate, Console& console) {
  NetpolAnswers out;
  out.estate = std::move(estate);
  graph::NetworkBuilder builder;
  for (const LoadedObject& object : out.estate.objects) builder.add(*object.node);
  out.network = std::make_unique<graph::Network>(builder.build());
  for (const std::string& problem : out.network->problems) {
    console.warn(problem + "; left out, as an API server would refuse it");
  }
  out.reachability = std::make_unique<graph::Reachability>(*out.network, graph::ReachabilityOptions{});
  for (const graph::Unsupported& object : out.network->unsupported) {
    console.warn(
        object.kind + " " + object.name + ": its effect on traffic is not evaluated; answers about " +
        (object.ns == graph::kNone ? "the whole cluster" : "namespace " + out.network->namespaces[object.ns].name) +
        " say only what the other policies say");
  }
  return out;
}

int NetpolAnswers::exit_code() const {
  return estate.unread == 0 && network->problems.empty() ? kOk : kInput;
}

std::vector<std::string> paths_of(const Words& words) {
  return words.operands().empty() ? std::vector<std::string>{"."} : words.operands();
}

bool is_json(const Words& words) {
  return words.get("--output") == "json";
}

std::string say(const graph::Reason& reason, std::string_view direction) {
  std::string out = std::string(direction) + ": ";
  if (reason.policy != nullptr) {
    out += std::string(reason.allowed ? "allowed" : "denied") + " by " + to_string(*reason.policy);
    if (reason.rule != nullptr && !reason.rule->name.empty()) out += ", rule " + reason.rule->name;
    return out;
  }
  if (reason.selecting.empty()) return out + "allowed: no policy selects the pod";
  out += "denied: no rule allows it of";
  for (const graph::Policy* policy : reason.selecting) out += " " + to_string(*policy) + ",";
  out.pop_back();
  return out;
}

}  // namespace ameia::app
