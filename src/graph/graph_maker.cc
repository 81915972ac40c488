#include "graph/internal/graph_maker.h"

#include <algorithm>

#include "graph/internal/host_escape.h"

namespace ameia::graph::internal {
namespace {

using rbac::SubjectKind;

constexpr std::string_view kClientSigner = "kubernetes.io/kube-apiserver-client";
constexpr Id kSystemNamespace = 1;  // EscalationFacts interns kube-system first

bool is_default_binding(const rbac::Binding& binding) {
  return binding.source != nullptr &&
         (*binding.source)["metadata"]["labels"]["kubernetes.io/bootstrapping"].str() == "rbac-defaults";
}

// Users and groups that Kubernetes itself is, not those that anybody may be in.
bool is_system_identity(const AccessSubject& subject) {
  if (subject.kind == SubjectKind::kServiceAccount || !subject.name.starts_with("system:")) return false;
  return subject.name != "system:authenticated" && subject.name != "system:unauthenticated" &&
         subject.name != "system:anonymous" && !subject.name.starts_with("system:serviceaccounts");
}

std::string_view account_name(const doc::Node& pod_spec) {
  const std::string_view name = pod_spec["serviceAccountName"].str();
  return name.empty() ? pod_spec["serviceAccount"].str("default") : name;
}

bool mounts_token(const doc::Node& pod_spec, bool account_mounts) {
  for (const doc::Node& volume : pod_spec["volumes"].list()) {
    for (const doc::Node& source : volume["projected"]["sources"].list()) {
      if (source.find("serviceAccountToken") != nullptr) return true;
    }
  }
  return pod_spec["automountServiceAccountToken"].boolean_or(account_mounts);
}

}  // namespace

GraphMaker::GraphMaker(const Access& access, EscalationFacts& facts) : access_(access), facts_(facts) {}

Id GraphMaker::vertex(VertexKind kind, Id a, Id b) {
  vertices.push_back({kind, a, b});
  return static_cast<Id>(vertices.size() - 1);
}

void GraphMaker::edge(Id from, Id to, Technique technique, bool certain) {
  edges.push_back({from, to, technique, certain});
}

Scope GraphMaker::scope_of(Id ns) const {
  if (ns == 0) return cluster_scope_;
  const PodSecurity level = facts_.pod_security[ns];
  return {false, level == PodSecurity::kPrivileged, level == PodSecurity::kUnknown, ns == kSystemNamespace,
          facts_.aws_auth};
}

void GraphMaker::read_roles() {
  const CapabilityReader reader(access_.universe());
  const auto& roles = access_.authorizer().roles();
  roles_.resize(roles.size());
  for (uint32_t i = 0; i < roles.size(); ++i) {
    RoleFacts& facts = roles_[i];
    roles_by_name_.emplace(roles[i].name, i);
    facts.mask = reader.read(access_.row(i));
    facts.operators = reader.read_operators(access_.row(i));
    facts.everything = access_.universe().is_everything(access_.row(i));
    for (const NamedBits& named : access_.named_of_role(i)) {
      const Mask mask = reader.read(access_.row(named.row));
      if (mask.empty()) continue;
      // The one signer whose certificates the API server takes for users.
      const std::string& name = access_.name(named.name);
      if (name == kClientSigner || name == "kubernetes.io/*") {
        for (const Capability one : {Capability::kSignersApprove, Capability::kSignersSign}) {
          if (mask.has(one)) facts.mask.set(one);
        }
      }
      facts.named.push_back({named.name, mask});
    }
  }
}

void GraphMaker::make_subjects() {
  subjects = access_.subjects();
  control_plane.assign(subjects.size(), false);
  present.assign(subjects.size(), false);
  for (Id i = 0; i < subjects.size(); ++i) {
    vertex(VertexKind::kSubject, i);  // a subject's vertex has its index
    const auto grants = access_.grants_of(i);
    const auto& bindings = access_.authorizer().bindings();
    const bool only_defaults =
        !grants.empty() && std::all_of(grants.begin(), grants.end(), [&](const Access::Grant& grant) {
          return is_default_binding(bindings[grant.binding]);
        });
    const bool is_account = subjects[i].kind == SubjectKind::kServiceAccount;
    control_plane[i] = is_system_identity(subjects[i]) || (is_account && only_defaults);
    present[i] = !is_account || !only_defaults;
  }
  for (const AccountFact& fact : facts_.accounts) present[account(fact.ns, fact.name)] = true;
}

Id GraphMaker::account(Id ns, const std::string& name) {
  const AccessSubject subject = service_account(facts_.namespaces.text(ns), name);
  if (const Id id = access_.find(subject); id != kNone) return id;
  const auto [at, is_new] = more_subjects.try_emplace(to_string(subject), static_cast<Id>(subjects.size()));
  if (is_new) {
    // Only while no other vertex has been made: a subject's vertex has its index.
    vertex(VertexKind::kSubject, at->second);
    subjects.push_back(subject);
    control_plane.push_back(false);
    present.push_back(true);
  }
  return at->second;
}

// Groups of the subject that something is bound to. Accounts of a namespace have the same.
const std::vector<Id>& GraphMaker::groups_of(const AccessSubject& subject) {
  const bool shared = subject.kind == SubjectKind::kServiceAccount;
  if (shared) {
    if (const auto known = account_groups_.find(subject.ns); known != account_groups_.end()) return known->second;
  }
  std::vector<Id> groups;
  for (const std::string& group : implied_groups(subject)) {
    if (const Id id = access_.find({SubjectKind::kGroup, "", group}); id != kNone) groups.push_back(id);
  }
  std::vector<Id>& kept = shared ? account_groups_[subject.ns] : other_groups_;
  kept = std::move(groups);
  return kept;
}

void GraphMaker::make_scopes() {
  for (size_t i = 0; i < sinks_.size(); ++i) {
    const auto which = static_cast<Sink>(i);
    if (which != Sink::kNamespaceAdmin && which != Sink::kCloudRole)
      sinks_[i] = vertex(VertexKind::kSink, static_cast<Id>(i));
  }
  any_user_ = vertex(VertexKind::kAnyUser);
  const auto namespaces = static_cast<Id>(facts_.namespaces.size());
  cluster_scope_ = {.cluster = true, .system = true, .aws_auth = facts_.aws_auth};
  for (Id ns = 0; ns < namespaces; ++ns) {
    any_account_.push_back(vertex(VertexKind::kAnyAccount, ns));
    any_pod_.push_back(vertex(VertexKind::kAnyPod, ns));
    any_secret_.push_back(vertex(VertexKind::kAnySecret, ns));
    namespace_admin_.push_back(vertex(VertexKind::kNamespaceAdmin, ns));
    if (ns != 0 && facts_.pod_security[ns] == PodSecurity::kPrivileged) cluster_scope_.privileged_pods = true;
    if (ns != 0 && facts_.pod_security[ns] == PodSecurity::kUnknown) cluster_scope_.privileged_pods_possible = true;
  }
  for (Id ns = 0; ns < namespaces; ++ns) {
    edge(namespace_admin_[ns], any_account_[ns], Technique::kCreatePod);
    edge(namespace_admin_[ns], any_pod_[ns], Technique::kExec);
    edge(namespace_admin_[ns], any_secret_[ns], Technique::kListSecrets);
    // A namespace's label is part of everything in it.
    edge(namespace_admin_[ns], sink(Sink::kNode),
         scope_of(ns).privileged_pods ? Technique::kCreatePodEscape : Technique::kPodSecurityLabel);
    if (ns == 0) continue;
    edge(any_account_[0], any_account_[ns], Technique::kScope);
    edge(any_pod_[0], any_pod_[ns], Technique::kScope);
    edge(any_secret_[0], any_secret_[ns], Technique::kScope);
    edge(namespace_admin_[0], namespace_admin_[ns], Technique::kScope);
  }
  const Id admin = sink(Sink::kClusterAdmin);
  edge(any_secret_[kSystemNamespace], sink(Sink::kKubeSystemSecrets), Technique::kScope);
  edge(admin, sink(Sink::kSystemMasters), Technique::kImpersonateGroup);
  edge(admin, sink(Sink::kNode), Technique::kCreatePodEscape);
  edge(admin, namespace_admin_[0], Technique::kScope);
  edge(sink(Sink::kSystemMasters), admin, Technique::kEverything);
  edge(sink(Sink::kNode), any_pod_[0], Technique::kNodePods);
  edge(any_user_, sink(Sink::kSystemMasters), Technique::kImpersonateUser, false);

  for (Id i = 0; i < subjects.size(); ++i) {
    const AccessSubject& subject = subjects[i];
    if (subject.kind == SubjectKind::kServiceAccount && present[i])
      edge(any_account_[facts_.intern_namespace(subject.ns)], i, Technique::kScope);
    if (subject.kind == SubjectKind::kUser) edge(any_user_, i, Technique::kScope);
    if (subject.kind == SubjectKind::kGroup && subject.name == "system:masters")
      edge(i, sink(Sink::kSystemMasters), Technique::kMemberOf);
    for (const std::string& group : implied_groups(subject)) {
      if (const Id id = access_.find({SubjectKind::kGroup, "", group}); id != kNone) edge(i, id, Technique::kMemberOf);
    }
  }
}

void GraphMaker::make_workloads() {
  for (const WorkloadFact& fact : facts_.workloads) {
    const doc::Node& spec = *fact.pod_spec;
    const std::string_view name = account_name(spec);
    const AccountFact& account_fact = facts_.account(fact.ns, name);
    const HostEscape escape =
        host_escape(spec, [&](std::string_view claim) { return facts_.host_path_of_claim(fact.ns, claim); });
    const Id id = vertex(VertexKind::kWorkload, static_cast<Id>(workloads.size()));
    workload_vertices.push_back(id);
    EscalationWorkload& workload = workloads.emplace_back();
    workload = {facts_.namespaces.text(fact.ns),
                fact.kind,
                fact.name,
                std::string(name),
                escape.why,
                escape.certain,
                mounts_token(spec, account_fact.mounts_token),
                fact.control_plane};
    edge(any_pod_[fact.ns], id, Technique::kScope);
    if (workload.has_token) edge(id, account(fact.ns, workload.account), Technique::kPodToken);
    if (escape.why.empty()) continue;
    edge(id, sink(Sink::kNode), escape.certain ? Technique::kHostEscape : Technique::kHostEscapePartly, escape.certain);
  }
  for (const TokenSecretFact& fact : facts_.token_secrets) {
    const Id id = account(fact.ns, fact.account);
    edge(any_secret_[fact.ns], id, Technique::kTokenSecret);
    token_secrets_.emplace(fact.name, std::pair(fact.ns, id));
  }
}

Id GraphMaker::target_of(Technique technique, Id ns) const {
  switch (technique) {
    case Technique::kEverything: return ns == 0 ? sink(Sink::kClusterAdmin) : namespace_admin_[ns];
    case Technique::kCreatePod:
    case Technique::kWriteWorkload:
    case Technique::kMintTokenSecret:
    case Technique::kRequestToken:
    case Technique::kImpersonateAccount: return any_account_[ns];
    case Technique::kExec:
    case Technique::kAttach:
    case Technique::kEphemeralContainer:
    case Technique::kSwapImage: return any_pod_[ns];
    case Technique::kMountSecret:
    case Technique::kListSecrets:
    case Technique::kGetSecrets: return any_secret_[ns];
    case Technique::kValidatingWebhook: return any_secret_[0];
    case Technique::kImpersonateUser: return any_user_;
    case Technique::kImpersonateGroup:
    case Technique::kApproveCertificate:
    case Technique::kSignCertificate:
    case Technique::kAwsAuth: return sink(Sink::kSystemMasters);
    case Technique::kBindInNamespace:
    case Technique::kEscalateRole:
    case Technique::kWriteBinding:
    case Technique::kWriteRole: return namespace_admin_[ns];
    case Technique::kConversionWebhook:
    case Technique::kClusterDns:
    case Technique::kPodStatus:
    case Technique::kEndpoints:
    case Technique::kServiceAddress: return sink(Sink::kTraffic);
    case Technique::kPortForward: return sink(Sink::kPodNetwork);
    case Technique::kImpersonateAttributes:
    case Technique::kBindClusterWide:
    case Technique::kEscalateClusterRole:
    case Technique::kWriteClusterBinding:
    case Technique::kWriteClusterRole:
    case Technique::kMutatingWebhook:
    case Technique::kMutatingPolicy:
    case Technique::kApiService: return sink(Sink::kClusterAdmin);
    default: return sink(Sink::kNode);  // the others end on one
  }
}

void GraphMaker::lead(Id from, const Techniques& techniques, Id ns) {
  for (unsigned i = 0; i < static_cast<unsigned>(Technique::kRbacTechniques); ++i) {
    const auto technique = static_cast<Technique>(i);
    const bool certain = (techniques.certain >> i & 1) != 0;
    if (certain || (techniques.possible >> i & 1) != 0) edge(from, target_of(technique, ns), technique, certain);
  }
}

void GraphMaker::make_bindings() {
  const auto& bindings = access_.authorizer().bindings();
  binding_techniques_.resize(bindings.size());
  std::vector<Id> of_binding(bindings.size(), kNone);
  for (const Access::Grant& grant : access_.grants()) {
    const RoleFacts& role = roles_[grant.role];
    if (of_binding[grant.binding] == kNone) {
      const Id ns = namespace_of_scope(grant.scope);
      Techniques& techniques = binding_techniques_[grant.binding];
      if (role.everything) {
        techniques.add(Technique::kEverything);
      } else {
        techniques = techniques_of(ns == 0 ? role.mask : in_namespace(role.mask), scope_of(ns));
      }
      if (techniques.empty() && role.named.empty() && role.operators == 0) continue;
      const Id id = of_binding[grant.binding] = vertex(VertexKind::kBinding, grant.binding);
      lead(id, techniques, ns);
      if (!role.everything) {
        lead_named(id, role, ns);
        lead_operators(id, role.operators);
      }
    }
    edge(grant.subject, of_binding[grant.binding], Technique::kBoundTo);
  }
}

void GraphMaker::lead_operators(Id from, uint64_t operators) {
  for (size_t i = 0; operators != 0; ++i, operators >>= 1) {
    if ((operators & 1) != 0 && operator_accounts_[i] != kNone)
      edge(from, operator_accounts_[i], Technique::kOperator, graph::internal::operators()[i].applies_anything);
  }
}

void GraphMaker::lead_named(Id from, const RoleFacts& role, Id ns) {
  const auto accounts_named = [&](const std::string& name, Technique technique) {
    const auto [begin, end] = accounts_by_name_.equal_range(name);
    for (auto at = begin; at != end; ++at) {
      const Id id = at->second;
      if (present[id] && (ns == 0 || subjects[id].ns == facts_.namespaces.text(ns))) edge(from, id, technique);
    }
  };
  for (const RoleFacts::Named& named : role.named) {
    const std::string& name = access_.name(named.name);
    const Mask mask = ns == 0 ? named.mask : in_namespace(named.mask);
    // A request to create an object has no name, so that create with names holds for subresources only.
    if (mask.has(Capability::kSecretsGet) || mask.has(Capability::kSecretsList)) {
      const auto [begin, end] = token_secrets_.equal_range(name);
      for (auto at = begin; at != end; ++at) {
        if (ns == 0 || at->second.first == ns) edge(from, at->second.second, Technique::kGetSecrets);
      }
      if (ns == kSystemNamespace) edge(from, sink(Sink::kKubeSystemSecrets), Technique::kGetSecrets);
    }
    if (mask.has(Capability::kTokens)) accounts_named(name, Technique::kRequestToken);
    if (mask.has(Capability::kImpersonateAccounts)) accounts_named(name, Technique::kImpersonateAccount);
    if (mask.has(Capability::kImpersonateUsers)) {
      if (const Id user = access_.find({SubjectKind::kUser, "", name}); user != kNone)
        edge(from, user, Technique::kImpersonateUser);
    }
    if (mask.has(Capability::kImpersonateGroups)) {
      const bool with_user =
          role.mask.has(Capability::kImpersonateUsers) || role.mask.has(Capability::kImpersonateAccounts) ||
          std::any_of(role.named.begin(), role.named.end(), [](const RoleFacts::Named& other) {
            return other.mask.has(Capability::kImpersonateUsers) || other.mask.has(Capability::kImpersonateAccounts);
          });
      const Id group = access_.find({SubjectKind::kGroup, "", name});
      if (name == "system:masters") {
        edge(from, sink(Sink::kSystemMasters), Technique::kImpersonateGroup, with_user);
      } else if (group != kNone) {
        edge(from, group, Technique::kImpersonateGroup, with_user);
      }
    }
    if (mask.has(Capability::kWorkloadsChange)) {
      edge(from, any_account_[ns], Technique::kWriteWorkload);
      const Scope scope = scope_of(ns);
      if (scope.privileged_pods || scope.privileged_pods_possible)
        edge(from, sink(Sink::kNode), Technique::kWriteWorkloadEscape, scope.privileged_pods);
    }
    if (mask.has(Capability::kConfigMapsChange) && (ns == 0 || ns == kSystemNamespace)) {
      if (name == "aws-auth" && facts_.aws_auth) edge(from, sink(Sink::kSystemMasters), Technique::kAwsAuth);
      if (name == "coredns") edge(from, sink(Sink::kTraffic), Technique::kClusterDns);
    }
    if (mask.has(Capability::kNodesProxy)) edge(from, sink(Sink::kNode), Technique::kNodeProxy);
    if (mask.has(Capability::kMutatingWebhooks)) edge(from, sink(Sink::kClusterAdmin), Technique::kMutatingWebhook);
    if (mask.has(Capability::kBindClusterRoles) || mask.has(Capability::kBindRoles)) lead_bound(from, role, name, ns);
  }
}

// Whoever may bind one role by name has what the role gives, once he can write a binding.
void GraphMaker::lead_bound(Id from, const RoleFacts& role, const std::string& name, Id ns) {
  const bool writes = role.mask.has(Capability::kBindingsWrite) || role.mask.has(Capability::kClusterBindingsWrite);
  const bool everywhere = ns == 0 && role.mask.has(Capability::kClusterBindingsWrite);
  const auto& roles = access_.authorizer().roles();
  const auto [begin, end] = roles_by_name_.equal_range(name);
  for (auto at = begin; at != end; ++at) {
    const uint32_t i = at->second;
    if (!roles[i].ns.empty() && roles[i].ns != facts_.namespaces.text(ns)) continue;
    if (roles_[i].everything) {
      edge(from, everywhere ? sink(Sink::kClusterAdmin) : namespace_admin_[ns],
           everywhere ? Technique::kBindClusterWide : Technique::kBindInNamespace, writes);
      continue;
    }
    Techniques gained = techniques_of(everywhere ? roles_[i].mask : in_namespace(roles_[i].mask), scope_of(ns));
    if (!writes) gained = {0, gained.certain | gained.possible};
    lead(from, gained, ns);
  }
}

void GraphMaker::make_combinations() {
  // What each subject holds in each scope; kept for groups, whose members hold it too.
  const auto held_in = [&](Id subject, Id scope) {
    Held held;
    const auto grants = access_.grants_of(subject);
    const auto* at = std::lower_bound(grants.data(), grants.data() + grants.size(), scope,
                                      [](const Access::Grant& g, Id wanted) { return g.scope < wanted; });
    for (; at != grants.data() + grants.size() && at->scope == scope; ++at) {
      const Mask mask = roles_[at->role].mask;
      held.mask |= scope == 0 ? mask : in_namespace(mask);
      held.each.unite(binding_techniques_[at->binding]);
    }
    return held;
  };
  for (Id subject = 0; subject < access_.subjects().size(); ++subject) {
    const std::vector<Id>& groups = groups_of(subjects[subject]);
    const auto grants = access_.grants_of(subject);
    Held everywhere = held_in(subject, 0);
    for (const Id group : groups) {
      const Held of_group = held_in(group, 0);
      everywhere.mask |= of_group.mask;
      everywhere.each.unite(of_group.each);
    }
    for (size_t i = 0; i < grants.size();) {
      const Id scope = grants[i].scope;
      size_t next = i;
      while (next < grants.size() && grants[next].scope == scope) ++next;
      Held held = everywhere;
      if (scope != 0) {
        for (const Id who : groups) {
          const Held of_group = held_in(who, scope);
          held.mask |= of_group.mask;
          held.each.unite(of_group.each);
        }
        const Held own = held_in(subject, scope);
        held.mask |= own.mask;
        held.each.unite(own.each);
      }
      i = next;
      const bool is_admin = (held.each.certain >> static_cast<unsigned>(Technique::kEverything) & 1) != 0;
      if (held.mask.empty() || is_admin) continue;
      const Id ns = namespace_of_scope(scope);
      Techniques together = techniques_of(held.mask, scope_of(ns));
      together.certain &= ~held.each.certain;
      together.possible &= ~(held.each.certain | held.each.possible);
      if (together.empty()) continue;
      const Id id = vertex(VertexKind::kCombination, subject, ns);
      edge(subject, id, Technique::kBoundTo);
      lead(id, together, ns);
    }
  }
}

Id GraphMaker::cloud_role(const std::string& role) {
  const auto [at, is_new] = cloud_ids_.try_emplace(role, 0);
  if (is_new) {
    at->second = vertex(VertexKind::kCloudRole, static_cast<Id>(cloud_roles.size()));
    cloud_roles.push_back(role);
  }
  return at->second;
}

void GraphMaker::make_clouds() {
  for (const AccountFact& fact : facts_.accounts) {
    for (const std::string& role : fact.cloud_roles)
      edge(account(fact.ns, fact.name), cloud_role(role), Technique::kCloudIdentity);
  }
  for (const CloudMapping& mapping : facts_.mappings) {
    const Id role = cloud_role(mapping.role);
    if (const Id user = access_.find({SubjectKind::kUser, "", mapping.user}); user != kNone)
      edge(role, user, Technique::kCloudMapping);
    for (const std::string& group : mapping.groups) {
      if (group == "system:masters") {
        edge(role, sink(Sink::kSystemMasters), Technique::kCloudMapping);
      } else if (const Id id = access_.find({SubjectKind::kGroup, "", group}); id != kNone) {
        edge(role, id, Technique::kCloudMapping);
      }
    }
  }
}

void GraphMaker::make() {
  for (Id scope = 0; scope < access_.scopes(); ++scope)
    scope_namespaces_.push_back(facts_.intern_namespace(access_.scope_name(scope)));
  // Every account and namespace is known before the first vertex that is no subject.
  for (const WorkloadFact& fact : facts_.workloads) facts_.account(fact.ns, account_name(*fact.pod_spec));
  for (const TokenSecretFact& fact : facts_.token_secrets) facts_.account(fact.ns, fact.account);
  read_roles();
  make_subjects();
  for (const AccessSubject& subject : access_.subjects()) {
    if (subject.kind == SubjectKind::kServiceAccount) facts_.intern_namespace(subject.ns);
  }
  for (Id i = 0; i < subjects.size(); ++i) {
    if (subjects[i].kind == SubjectKind::kServiceAccount) accounts_by_name_.emplace(subjects[i].name, i);
  }
  for (const Operator& one : operators()) {
    const auto [begin, end] = accounts_by_name_.equal_range(std::string(one.account));
    const auto found = std::find_if(begin, end, [&](const auto& at) { return present[at.second]; });
    operator_accounts_.push_back(found == end ? kNone : found->second);
  }
  make_scopes();
  make_workloads();
  make_bindings();
  make_combinations();
  make_clouds();
}

}  // namespace ameia::graph::internal
