// The table of commands and their texts. A help text is pinned by a golden file in tests/cases/app/.
#include <charconv>

#include "app/cmd.h"
#include "app/exit.h"
#include "app/outputs.h"
#include "app/version.h"

namespace ameia::app {
namespace {

constexpr std::string_view kSeverities = "info|low|medium|high|critical";
constexpr Option kPolicy{
    "--policy", "",   "PATH", "a file or directory of ValidatingAdmissionPolicies, judged beside the built-in checks",
    "",         true, true};
constexpr Option kFramework{
    "--framework",
    "",
    "NAME",
    "only its checks, and a report by its sections: cis-1.12, nsa-cisa, mitre, pss-baseline, pss-restricted, or a file",
    "",
    true,
    false};
constexpr Option kTextOrJson{"--output", "-o", "FORMAT", "how to print", "text|json", false, false};

constexpr Option kLang{
    "--lang", "",    "LANGUAGE", "language of titles, reasons and headings; what people read follows LANG unless given",
    "en|pt",  false, false};

constexpr Option kScanOptions[] = {
    kPolicy,
    kFramework,
    {"--severity", "", "SEVERITY", "show only findings at or above it", kSeverities, false, false},
    {"--fail-on", "", "SEVERITY", "exit 1 when a finding at or above it is left", kSeverities, false, false},
    {"--output", "-o", "FORMAT[=FILE]", "what to write, and where; the default is a table on standard output",
     kFormatNames, true, true},
    {"--baseline", "", "FILE", "hold back the findings that this file knows", "", false, true},
    {"--config", "", "FILE", "the configuration; otherwise ameia.yaml beside the first path or above it", "", false,
     true},
    {"--no-config", "", "", "use no configuration", "", false, false},
    {"--ignore", "", "PATTERN", "leave files of directories out, in the syntax of .gitignore", "", true, false},
    {"--allow-registry", "", "PREFIX", "images may come from here only (AM-IMG-003): registry.example.com/", "", true,
     false},
    {"--write-baseline", "", "FILE", "write all findings to a baseline file", "", false, true},
    {"--waivers", "", "FILE", "hold back what this file accepts: owner, reason and expiry each", "", false, true},
    {"--render", "", "",
     "judge what charts and kustomizations become: runs helm template and kubectl kustomize, offline", "", false,
     false},
    {"--require-coverage", "", "", "exit 5 when anything could not be judged", "", false, false},
    {"--jobs", "-j", "N", "worker threads; the report is the same for any number", "", false, false},
    kLang,
    {"--no-color", "", "", "no colour, as with NO_COLOR set", "", false, false},
    {"--quiet", "-q", "", "no table and no messages: only errors and what -o asks for", "", false, false},
};
constexpr Option kJobs{"--jobs", "-j", "N", "worker threads; the report is the same for any number", "", false, false};
constexpr Option kFixOptions[] = {
    {"--diff", "", "", "print what would be written as a unified diff, and write nothing", "", false, false},
    {"--id", "", "ID", "only fixes of this check", "", true, false},
    {"--accept", "", "ID", "also write what this check only proposes: its question is answered", "", true, false},
    {"--severity", "", "SEVERITY", "only findings at or above it", kSeverities, false, false},
    kPolicy,
    kFramework,
    {"--baseline", "", "FILE", "leave the findings that this file knows as they are", "", false, true},
    {"--waivers", "", "FILE", "leave what this file accepts as it is", "", false, true},
    {"--fail-on", "", "SEVERITY", "exit 1 when a finding at or above it is left", kSeverities, false, false},
    kTextOrJson,
    kJobs,
    {"--quiet", "-q", "", "no summary: only errors and what --diff prints", "", false, false},
};
constexpr Option kDiffOptions[] = {
    kPolicy,
    kFramework,
    {"--severity", "", "SEVERITY", "show only findings at or above it", kSeverities, false, false},
    {"--fail-on", "", "SEVERITY", "exit 1 when a finding at or above it is new, or has risen to it", kSeverities, false,
     false},
    {"--output", "-o", "FORMAT[=FILE]", "what to write, and where", "table|json|md", false, true},
    kJobs,
};
constexpr Option kExplainOptions[] = {kPolicy, kLang, kTextOrJson};
constexpr Option kListOptions[] = {
    kPolicy,
    kFramework,
    {"--severity", "", "SEVERITY", "only checks at or above it", kSeverities, false, false},
    kLang,
    kTextOrJson};
constexpr Option kLintOptions[] = {kTextOrJson};
constexpr Option kEvalOptions[] = {
    {"--policy", "-f", "FILE", "policies, bindings and their params", "", true, true},
    {"--resource", "-r", "FILE", "the objects to be created", "", true, true},
    {"--payload", "", "FILE",
     "instead of objects: YAML or JSON of any kind, for Kyverno's policies with evaluation.mode JSON", "", true, true},
    {"--old", "", "FILE", "the objects as they are: those of -r that are there too are updated, not created", "", true,
     true},
    {"--as", "", "USER", "who asks, for request.userInfo and authorizer", "", false, false},
    {"--as-group", "", "GROUP", "a group of the one who asks", "", true, false},
    {"--now", "", "TIME", "what time.now() answers, as 2026-11-25T12:00:00Z; the current time unless given", "", false,
     false},
    {"--seed", "", "NUMBER", "what random() draws from; 0 unless given", "", false, false},
    {"--trace", "", "", "every sub-expression with its value; * marks what decided", "", false, false},
    kTextOrJson,
};
constexpr Option kManOptions[] = {
    {"--write", "", "DIR", "write every page to a directory: ameia.1, ameia-scan.1 and so on", "", false, true}};
constexpr Option kPssOptions[] = {
    {"--level", "", "LEVEL", "the level to hold the pods to; restricted unless given", "privileged|baseline|restricted",
     false, false},
    {"--version", "", "VERSION", "latest, or the rules of v1.N", "", false, false},
    kTextOrJson,
};
constexpr Option kConnlistOptions[] = {
    {"--output", "-o", "FORMAT", "text, json, csv, md, dot or svg", "text|json|csv|md|dot|svg", false, false},
};
constexpr Option kCanOptions[] = {
    {"--resources", "-r", "PATH", "files or directories of the estate; the current directory unless given", "", true,
     true},
    kTextOrJson,
};
constexpr Option kGenerateOptions[] = {
    {"--flows", "-f", "FILE", "connections that were seen: JSON lines, Hubble's JSON, conntrack's text, VPC flow logs",
     "", true, true},
    {"--output", "-o", "FORMAT", "yaml or json", "yaml|json", false, false},
};
constexpr Option kDryRunOptions[] = {
    {"--flows", "-f", "FILE", "connections that were seen: JSON lines, Hubble's JSON, conntrack's text, VPC flow logs",
     "", true, true},
    {"--resources", "-r", "PATH", "files or directories of the estate; the current directory unless given", "", true,
     true},
    {"--fail-on-break", "", "", "exit 1 when a flow that was allowed would be denied", "", false, false},
    kTextOrJson,
};
constexpr Option kResources{
    "--resources", "-r", "PATH", "files or directories of the estate; the current directory unless given", "",
    true,          true};
constexpr Option kNamespace{"--namespace", "-n", "NS", "the namespace; otherwise the whole cluster", "", false, false};
constexpr Option kObjectName{"--name", "", "NAME", "the one object", "", false, false};
constexpr Option kRbacCanOptions[] = {
    kNamespace, kObjectName, {"--as-group", "", "GROUP", "a further group of the subject", "", true, false},
    kResources, kTextOrJson,
};
constexpr Option kWhoCanOptions[] = {
    {"--namespace", "-n", "NS", "the namespace; otherwise every one", "", false, false},
    kObjectName,
    kResources,
    kTextOrJson,
};
constexpr Option kRbacPathsOptions[] = {
    {"--from", "", "SUBJECT", "from one subject or workload: all ways, what lies on each of them, the blast radius", "",
     false, false},
    {"--to", "", "GOAL", "to one goal only",
     "cluster-admin|system-masters|node|kube-system-secrets|namespace-admin|cloud-role|traffic|pod-network", false,
     false},
    {"--all", "", "", "also ways that hang on what objects do not show, with the condition", "", false, false},
    kTextOrJson,
};
constexpr Option kAuditLog{
    "--audit-log", "",  "FILE", "Kubernetes audit events, one JSON a line, gzip or not; - for standard input", "",
    true,          true};
constexpr Option kRbacUnusedOptions[] = {
    kAuditLog,
    {"--output", "-o", "FORMAT", "how to print; yaml: the minimal roles as documents", "text|json|yaml", false, false},
    {"--jobs", "-j", "N", "threads that read", "", false, false},
};
constexpr Option kRbacReviewOptions[] = {
    kAuditLog,
    {"--previous", "", "FILE", "the review of before: its signatures are kept while they hold", "", false, true},
    {"--days", "", "N", "how long a signature holds; 90 unless given", "", false, false},
};
constexpr Option kCelOptions[] = {
    {"--input", "", "FILE",
     "a YAML or JSON document (- for standard input): each top-level key is a variable, the whole is `object`", "",
     false, true},
    {"--trace", "", "", "every sub-expression with its value; * marks what decided", "", false, false},
    kTextOrJson,
};

constexpr Command kCommands[] = {
    {"scan", "Judge manifests: the worst risks first, each with its line, the reason and the fix", "[PATH… | -]",
     "Every option but --config, --no-config and --write-baseline may stand in ameia.yaml instead (docs/config.md).\n"
     "PATH is a file or a directory; the current directory when none is given. In directories *.yaml, *.yml and *.json "
     "are\n"
     "read, .ameiaignore (the syntax of .gitignore) leaves files out, and links out of the tree are not followed.\n"
     "A tar, tar.gz or zip that is named is read in memory; its files are called ARCHIVE!PATH.\n"
     "Without --fail-on a finished scan exits 0.",
     "ameia scan .\twhat is wrong here, worst first\n"
     "helm template charts/shop | ameia scan -\ta chart, as it would be installed\n"
     "ameia scan --render charts overlays\tcharts and kustomizations as they would be installed, if the tools are "
     "here\n"
     "ameia scan deploy --fail-on high -o sarif=ameia.sarif -o table\tin CI: a gate, and a file for the code host\n"
     "ameia scan . -o html=report.html\tone page to send around\n"
     "ameia scan . -o table -o junit=ameia.xml -o md=ameia.md\tfor a test report and a comment; there are more "
     "formats\n"
     "ameia scan . --framework pss-restricted --severity medium\tby the sections of a framework, without the small "
     "findings\n"
     "ameia scan . --write-baseline known.json && ameia scan . --baseline known.json --fail-on low\tfrom now on, "
     "nothing new\n"
     "ameia scan . --policy policies/ --waivers waivers.yaml\tyour own policies, and what you accepted for a while",
     kScanOptions, parse_scan},
    {"fix", "Write the safe fixes into the manifests, and propose the others", "[PATH… | -]",
     "PATH is as for scan. Files are changed in place, and only where a fix is: comments, order, quotes and "
     "indentation\n"
     "stay. A fix is safe when a program that works goes on working; any other is proposed with the question that "
     "decides\n"
     "it, and written with --accept. Standard input is written to standard output. A second run changes nothing.",
     "ameia fix deploy --diff\twhat would be written\nameia fix deploy\twrite it\n"
     "ameia fix deploy --accept AM-POD-020\tand make root file systems read-only: that was looked at\n"
     "helm template charts/shop | ameia fix - > shop.yaml\ta rendered chart",
     kFixOptions, parse_fix},
    {"diff", "Compare two states by their findings: new, gone, as before", "OLD NEW",
     "OLD and NEW are directories, files, or reports of `ameia scan -o json=FILE`. A finding is the same while its "
     "check,\n"
     "object and field are, wherever the lines have moved. Exits 0 whatever is new, unless --fail-on says otherwise.",
     "ameia diff main/deploy deploy\twhat a change brings and mends\n"
     "ameia diff main/deploy deploy --fail-on medium -o md=diff.md\tin CI: a gate on what is new, and a comment\n"
     "ameia diff last-week.json deploy\tsince a report that was kept",
     kDiffOptions, parse_diff},
    {"explain", "Say what a check looks for, why it matters and how to mend it", "ID…", "",
     "ameia explain AM-POD-001\tone check\nameia explain my-policy --policy policies/\tone of your own",
     kExplainOptions, parse_explain},
    {"list checks", "List the checks", "", "",
     "ameia list checks\tid, severity and title\nameia list checks --framework cis-1.12 -o json\tone framework, for a "
     "machine",
     kListOptions, parse_list_checks},
    {"policy lint", "Find every error in policy files, each with its line and a caret", "FILE…",
     "Reads ValidatingAdmissionPolicies, MutatingAdmissionPolicies and their bindings as the API server would. Exits 3 "
     "when there are errors.",
     "ameia policy lint policies/\tall files of a directory", kLintOptions, parse_policy_lint},
    {"policy eval", "Decide a creation as the API server would, and say why", "",
     "MutatingAdmissionPolicies run first: each mutation, the JSON Patch of all of them and a diff are printed, and "
     "the "
     "result is what the validating policies judge. Roles and bindings among the resources answer `authorizer`, and "
     "definitions of custom resources among them are applied. Exits 0 whatever is decided; -o json says \"allowed\".",
     "ameia policy eval -f policy.yaml -r pod.yaml\twould it be let in?\nameia policy eval -f policy.yaml -r pod.yaml "
     "--trace\tand which part decided?",
     kEvalOptions, parse_policy_eval},
    {"policy pss", "Hold pods and pod templates to the Pod Security Standards", "FILE…",
     "Exits 0 whatever is found; -o json says \"allowed\".",
     "ameia policy pss --level restricted --version latest pod.yaml\twhat the newest rules say\n"
     "ameia policy pss --level baseline --version v1.25 -o json pod.yaml\tas an older cluster judges",
     kPssOptions, parse_policy_pss},
    {"netpol connlist", "List every connection that the network policies allow, workload by workload", "[PATH…]",
     "Reads NetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy, and the doors of\n"
     "Ingress, Route and Gateway routes. Kinds of other projects (Cilium, Calico, secondary networks) are named as "
     "not\n"
     "evaluated. Assumes a network plug-in that enforces network policies on every pod.",
     "ameia netpol connlist examples/estate\twho can talk to whom\n"
     "ameia netpol connlist . -o svg > network.svg\tas a drawing; dot is for programs that lay out themselves",
     kConnlistOptions, parse_netpol_connlist},
    {"netpol can", "Say whether one workload can reach another, and which rules decide", "FROM TO [PORT]",
     "FROM and TO are namespace/name, namespace/name[Kind], or an address outside the cluster. PORT is a number or\n"
     "UDP/53; without it all ports are shown.",
     "ameia netpol can edge/gateway cards/tokenizer 9443 -r examples/estate\twith the rules that say so\n"
     "ameia netpol can disputes/chargebacks 169.254.169.254 80 -r examples/estate\tis the metadata service open?",
     kCanOptions, parse_netpol_can},
    {"netpol exposure", "Show who is open to the outside and to pods that may come", "[PATH…]", "",
     "ameia netpol exposure examples/estate\tdoors in, and ways out", kLintOptions, parse_netpol_exposure},
    {"netpol diff", "Show which connections appear and vanish between two states", "OLD NEW",
     "Exits 0 whatever changes.", "ameia netpol diff before/ after/\twhat a change of policies does", kLintOptions,
     parse_netpol_diff},
    {"netpol lint", "Find policies and rules that do nothing, or more than meant", "[PATH…]", "",
     "ameia netpol lint examples/estate\teach with its line", kLintOptions, parse_netpol_lint},
    {"netpol generate", "Write policies that allow what was seen, and nothing else", "[PATH…]",
     "For every namespace with traffic: default deny, DNS, and for each workload the connections it was seen to have.\n"
     "Selectors match no pod that was not seen, and never a label that the next roll-out changes. The policies are\n"
     "replayed against the flows before they are printed: exits 7 when one would be denied. What a line of FILE may "
     "be\n"
     "is in docs/netpol.md.",
     "ameia netpol generate examples/estate --flows examples/flows/estate.jsonl > policies.yaml\tfrom JSON lines\n"
     "conntrack -L | ameia netpol generate dump/ --flows -\tfrom a node's own table",
     kGenerateOptions, parse_netpol_generate},
    {"netpol dry-run", "Say which connections that were seen a policy would deny, and by which rule", "POLICY…",
     "POLICY takes the place of the policy with its name, or is added. Exits 0 whatever breaks, unless --fail-on-break "
     "is\ngiven.",
     "ameia netpol dry-run examples/flows/lock-down.yaml -r examples/estate --flows examples/flows/estate.jsonl\twhat "
     "would break",
     kDryRunOptions, parse_netpol_dry_run},
    {"rbac can", "Say whether a subject may do something, and what grants it", "SUBJECT VERB RESOURCE",
     "SUBJECT is namespace/name for a service account, user:NAME, group:NAME, or a bare name. RESOURCE is pods, "
     "pods/exec,\n"
     "deployments.apps/scale, or a path such as /metrics. Reads roles and bindings; Kubernetes' own cluster-admin, "
     "admin,\n"
     "edit and view are known. Exits 0 whatever the answer is; -o json says \"answer\".",
     "ameia rbac can cards/default get secrets -n cards -r examples/estate\twith the binding, the role and the rule\n"
     "ameia rbac can group:devs create pods/exec -n shop\ta subresource, for a group",
     kRbacCanOptions, parse_rbac_can},
    {"rbac who-can", "List every subject that may do something", "VERB RESOURCE",
     "One entry a grant, with the binding it comes from. Members of a listed group can too.",
     "ameia rbac who-can get secrets -n cards -r examples/estate\tin one namespace\n"
     "ameia rbac who-can create pods/exec\tanywhere in the cluster\n"
     "ameia rbac who-can get /metrics\ta path of the API server",
     kWhoCanOptions, parse_rbac_who_can},
    {"rbac subject", "Show everything that a subject may do, and through what", "SUBJECT",
     "SUBJECT is as for `rbac can`. What the subject's groups may do is shown with the group.",
     "ameia rbac subject cards/default -r examples/estate\ta service account", kCanOptions, parse_rbac_subject},
    {"rbac diff", "Show which permissions appear and vanish between two states", "OLD NEW",
     "Compares what subjects may do, not the text: a renamed role or a split rule is no difference. Exits 0 whatever\n"
     "changes.",
     "ameia rbac diff before/ after/\twhat a change of roles and bindings does", kLintOptions, parse_rbac_diff},
    {"rbac paths", "Show who can become whom, by which technique, and which binding to take away", "[PATH…]",
     "Reads roles, bindings, workloads, service accounts, namespaces, token secrets, volumes and aws-auth. Without "
     "--from,\n"
     "the shortest way of every subject and workload to its worst goal, and the bindings whose removal closes most "
     "ways.\n"
     "SUBJECT is as for `rbac can`, or workload:namespace/name. Techniques: docs/rbac.md. Exits 0 whatever is found.",
     "ameia rbac paths examples/estate\twho reaches what\n"
     "ameia rbac paths examples/estate --to node\twho gets onto a node\n"
     "ameia rbac paths examples/estate --from workload:edge/gateway\twhat the one who breaks into it has next",
     kRbacPathsOptions, parse_rbac_paths},
    {"rbac unused", "Show what is granted and was not used, and the smallest roles for what was", "[PATH…]",
     "Reads audit logs in one pass, whatever their length. A group is used by its members. bind, escalate, approve, "
     "sign\n"
     "and their like leave no trace in a log and are never called unused where a role names them. Exits 0 whatever is "
     "found.",
     "ameia rbac unused --audit-log audit.log.gz examples/estate\tgrant by grant\n"
     "ameia rbac unused --audit-log audit.log . -o yaml > roles.yaml\tminimal roles, to be read before they are "
     "applied",
     kRbacUnusedOptions, parse_rbac_unused},
    {"rbac review", "Write the list of who may do what for people to sign, and remind of what is overdue", "[PATH…]",
     "A YAML line a grant: who, what, since when, last used; people fill in decision (keep or remove), by and date. "
     "With\n"
     "--previous, signatures of grants that have not changed are taken over until they are older than --days. Exits 0\n"
     "whatever is due.",
     "ameia rbac review . > review.yaml\tto be signed\n"
     "ameia rbac review . --previous review.yaml --audit-log audit.log > next.yaml\tthe next one, and what is overdue",
     kRbacReviewOptions, parse_rbac_review},
    {"cel", "Evaluate a CEL expression, with every function that Kubernetes has", "EXPRESSION",
     "Prints the value. An expression that begins with - and a letter goes behind --.",
     "ameia cel '[1, 2, 3].map(x, x * 2)'\twithout input\n"
     "ameia cel 'spec.replicas > 1' --input deployment.yaml\tthe keys of a manifest are variables\n"
     "ameia cel 'object.spec.containers.all(c, has(c.resources))' --input pod.yaml --trace\twhich part decided",
     kCelOptions, parse_cel},
    {"config validate",
     "Find every error of a configuration",
     "[FILE]",
     "FILE is ameia.yaml here or above unless given. Exits 3 when there are errors.",
     "ameia config validate\tthe one that a scan from here would use",
     {},
     parse_config_validate},
    {"config show", "Print what a scan would go by, and where each value comes from", "[PATH…]",
     "Takes the options of scan; the output is a configuration itself.",
     "ameia config show --fail-on high\twith what the command line adds", kScanOptions, parse_config_show},
    {"config schema",
     "Print the JSON Schema of ameia.yaml",
     "",
     "",
     "ameia config schema > ameia.schema.json\tfor an editor",
     {},
     parse_config_schema},
    {"completions",
     "Print shell completions",
     "bash|zsh|fish",
     "",
     "ameia completions bash > /etc/bash_completion.d/ameia\tfor bash\nameia completions zsh > "
     "\"${fpath[1]}/_ameia\"\tfor zsh\nameia completions fish > ~/.config/fish/completions/ameia.fish\tfor fish",
     {},
     parse_completions},
    {"man", "Print the manual page of a command, in roff", "[COMMAND]", "",
     "ameia man scan | man -l -\tread it\nameia man --write share/man/man1\tinstall them all", kManOptions, parse_man},
    {"version", "Print the version", "", "", "ameia version", kLintOptions, parse_version},
    {"help", "Print the help of a command", "[COMMAND]", "", "ameia help scan\nameia help policy eval", {}, parse_help},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

base::Result<Action> parse_version(const Words& words) {
  TRY_STATUS(check_operands(words, 0, 0, ""));
  return Action([json = words.get("--output") == "json"](Console& console) {
    if (json) {
      console.out("{\"version\":\"" + std::string(kVersion) + "\",\"kubernetes\":\"" + std::string(kKubernetesVersion) +
                  "\"}\n");
    } else {
      console.out("ameia " + std::string(kVersion) + " (rules and CEL of Kubernetes " +
                  std::string(kKubernetesVersion) + ")\n");
    }
    return static_cast<int>(kOk);
  });
}

base::Result<Action> parse_help(const Words& words) {
  std::string name;
  for (const std::string& word : words.operands()) name += (name.empty() ? "" : " ") + word;
  if (name.empty()) {
    return Action([](Console& console) {
      console.out(help_of_all());
      return static_cast<int>(kOk);
    });
  }
  return Action([name](Console& console) {
    const Command* command = find_command(name);
    if (command != nullptr) {
      console.out(help_of(*command));
      return static_cast<int>(kOk);
    }
    // A group ("policy"), or a word to be corrected: the command line's own words answer it.
    std::vector<std::string_view> line;
    for (size_t at = 0; at < name.size();) {
      size_t end = std::min(name.find(' ', at), name.size());
      line.push_back(std::string_view(name).substr(at, end - at));
      at = end + 1;
    }
    line.emplace_back("--help");
    return run_command_line(line, console);
  });
}

int finish(const base::Result<int>& result, Console& console) {
  if (result) return *result;
  console.error(result.error());
  return exit_code_of(result.error().code);
}

base::Result<unsigned> parse_number(std::string_view option, std::string_view text, unsigned least, unsigned most) {
  unsigned number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return std::unexpected(usage_error(std::string(option) + ": \"" + std::string(text) + "\" is no number from " +
                                       std::to_string(least) + " to " + std::to_string(most)));
  }
  return number;
}

}  // namespace ameia::app
