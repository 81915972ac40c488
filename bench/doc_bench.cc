// yaml_mb_s: a YAML file to trees with positions; yaml_events_mb_s holds the same number against libyaml's bare event
// pass over the same bytes, which makes nothing. json_mb_s: an 8 kB pod to a tree with positions, the reader warm.
// Usage: doc_bench FILE.yaml. One JSON row a measurement; the best of five rounds.
#include <yaml.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "doc/json.h"
#include "doc/yaml.h"

namespace {

using Clock = std::chrono::steady_clock;

// Megabytes a second of the fastest of five rounds of at least 0.2 s.
template <typename Run>
double best_mb_s(size_t bytes, Run run) {
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    size_t times = 0;
    auto start = Clock::now();
    std::chrono::duration<double> taken{};
    do {
      run();
      ++times;
      taken = Clock::now() - start;
    } while (taken.count() < 0.2);
    best = std::max(best, static_cast<double>(bytes) * static_cast<double>(times) / taken.count() / 1e6);
  }
  return best;
}

// False: libyaml found an error.
bool libyaml_events(std::string_view text) {
  yaml_parser_t parser;
  if (yaml_parser_initialize(&parser) == 0) return false;
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  bool ok = true, more = true;
  while (ok && more) {
    yaml_event_t event;
    ok = yaml_parser_parse(&parser, &event) != 0;
    more = ok && event.type != YAML_STREAM_END_EVENT;
    if (ok) yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return ok;
}

// A pod as an API server sends it: managedFields, status, three containers; about 8 kB of compact JSON.
std::string pod_8k() {
  std::string text =
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"ledger-7d9c5b6f8-x2x9z","namespace":"payments","uid":"5f0c2f3e-8a3b-4c39-9d6e-0f7f1f0b8a11","resourceVersion":"184467440","creationTimestamp":"2026-11-25T10:00:00Z","labels":{"app":"ledger","app.kubernetes.io/name":"ledger","pod-template-hash":"7d9c5b6f8"},"annotations":{"note":"line one\nline \"two\""},"managedFields":[)";
  for (int i = 0; i < 3; ++i) {
    text +=
        std::string(i == 0 ? "" : ",") +
        R"({"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2026-11-25T10:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{".":{},"f:app":{},"f:pod-template-hash":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"main\"}":{".":{},"f:image":{},"f:name":{},"f:ports":{".":{}}}}}}})";
  }
  text += R"(]},"spec":{"serviceAccountName":"ledger","nodeName":"node-17","containers":[)";
  for (int c = 0; c < 3; ++c) {
    text += std::string(c == 0 ? "" : ",") + R"({"name":"c)" + std::to_string(c) +
            R"(","image":"registry.example.com/payments/ledger:v1.2.3","env":[)";
    for (int e = 0; e < 12; ++e)
      text += std::string(e == 0 ? "" : ",") + R"({"name":"VARIABLE_)" + std::to_string(e) +
              R"(","value":"some value of it"})";
    text +=
        R"(],"resources":{"limits":{"cpu":"500m","memory":"256Mi"},"requests":{"cpu":"100m","memory":"128Mi"}},"securityContext":{"allowPrivilegeEscalation":false,"runAsNonRoot":true,"runAsUser":1000,"capabilities":{"drop":["ALL"]}},"livenessProbe":{"httpGet":{"path":"/healthz","port":8080},"periodSeconds":10}})";
  }
  text += R"(]},"status":{"phase":"Running","podIP":"10.1.2.3","conditions":[)";
  for (int i = 0; i < 4; ++i)
    text += std::string(i == 0 ? "" : ",") +
            R"({"type":"Ready","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-11-25T10:00:05Z"})";
  return text + "]}}";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: doc_bench FILE.yaml\n", stderr);
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  auto source = std::make_shared<ameia::doc::Source>(argv[1], std::string((std::istreambuf_iterator<char>(in)), {}));
  bool ok = true;
  double yaml = best_mb_s(source->bytes().size(), [&] {
    ok &= ameia::doc::parse_yaml(source, std::make_shared<ameia::doc::Keys>()).errors.empty();
  });
  double events = best_mb_s(source->bytes().size(), [&] { ok &= libyaml_events(source->bytes()); });
  std::string pod = pod_8k();
  ameia::doc::JsonReader reader;
  double json = best_mb_s(pod.size(), [&] { ok &= reader.read(pod).has_value(); });
  if (!ok) {
    std::fputs("doc_bench: the input does not parse\n", stderr);
    return 1;
  }
  std::printf("{\"name\":\"yaml_mb_s\",\"value\":%.1f,\"unit\":\"MB/s\"}\n", yaml);
  std::printf(
      "{\"name\":\"yaml_events_mb_s\",\"value\":%.1f,\"unit\":\"MB/s\",\"peer\":\"libyaml, events alone\","
      "\"peer_value\":%.1f}\n",
      yaml, events);
  std::printf("{\"name\":\"json_mb_s\",\"value\":%.1f,\"unit\":\"MB/s\"}\n", json);
  return 0;
}
