// What the netpol commands share: an estate with its answers, and how they are worded.
// Neighbours: cmd_netpol.cc, cmd_netpol_flows.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cmd.h"
#include "app/estate.h"
#include "app/json_text.h"
#include "graph/reachability.h"

namespace ameia::app {

inline constexpr std::string_view kNetpolAssumption =
    "Assumes a network plug-in that enforces network policies on every pod.";

// An estate with its answers. The Network borrows from the objects, the Reachability from the Network.
struct NetpolAnswers {
  Estate estate;
  std::unique_ptr<graph::Network> network;
  std::unique_ptr<graph::Reachability> reachability;

  static base::Result<NetpolAnswers> of(const std::vector<std::string>& paths, Console& console);
  static NetpolAnswers of(Estate estate, Console& console);
  [[nodiscard]] int exit_code() const;
};

// "ingress: denied by NetworkPolicy shop/api, rule 2"
std::string say(const graph::Reason& reason, std::string_view direction);
// The operands, or the current directory.
std::vector<std::string> paths_of(const Words& words);
bool is_json(const Words& words);

}  // namespace ameia::app
