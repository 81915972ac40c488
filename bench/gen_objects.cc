// Writes the input of the scan benchmarks: N Kubernetes objects in M YAML files, the same bytes for the same seed.
// Shape (docs/benchmarks.md): 60 % workloads whose pod is the 3.4 kB pod of the policy benchmark (2 containers and an
// init container), 15 % Services, 10 % ConfigMaps, 15 % RBAC, NetworkPolicies and Ingresses. One workload in eight is
// flawed. Usage: gen_objects OBJECTS FILES FOLDER [SEED]
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

// SplitMix64: small, and the same on every machine.
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t n) { return next() % n; }
};

std::string metadata(const std::string& name, const std::string& ns) {
  std::string app = name.substr(0, name.rfind('-'));
  return "metadata:\n  name: " + name + "\n  namespace: " + ns + "\n  labels:\n    app: " + app +
         "\n    env: prod\n    team: t" + std::to_string(name.size() % 7) + "\n    app.kubernetes.io/name: " + app +
         "\n";
}

std::string container(const std::string& name, bool flawed, uint64_t flaw) {
  std::string text = "      - name: " + name + "\n        image: registry.k8s.io/app/" + name;
  text += flawed && flaw == 0 ? ":latest\n" : ":v1.2.3\n";
  text +=
      "        imagePullPolicy: IfNotPresent\n        ports:\n        - containerPort: 8080\n          name: http\n    "
      "      protocol: TCP\n        env:\n";
  for (int i = 0; i < 8; ++i) {
    text += "        - name: A" + std::to_string(i) + "\n          value: v" + std::to_string(i) + "\n";
  }
  text +=
      "        resources:\n          limits:\n            cpu: 500m\n            memory: 256Mi\n          requests:\n  "
      "          cpu: 100m\n            memory: 128Mi\n";
  text += "        securityContext:\n          allowPrivilegeEscalation: false\n";
  text += flawed && flaw == 1 ? "          privileged: true\n" : "          privileged: false\n";
  text += "          runAsNonRoot: true\n          runAsUser: 1000\n          readOnlyRootFilesystem: true\n";
  text += "          capabilities:\n            drop:\n            - ALL\n";
  if (flawed && flaw == 2) text += "            add:\n            - SYS_ADMIN\n";
  text +=
      "          seccompProfile:\n            type: RuntimeDefault\n        volumeMounts:\n        - name: tmp\n       "
      "   mountPath: /tmp\n        - name: sa\n          mountPath: /var/run/secrets\n          readOnly: true\n       "
      " livenessProbe:\n          httpGet:\n            path: /healthz\n            port: 8080\n";
  return text;
}

std::string workload(const std::string& name, const std::string& ns, Random& random) {
  static constexpr const char* kKinds[] = {"Deployment", "Deployment", "Deployment", "StatefulSet", "DaemonSet"};
  const char* kind = kKinds[random.below(5)];
  bool flawed = random.below(8) == 0;
  uint64_t flaw = random.below(4);
  std::string app = name.substr(0, name.rfind('-'));
  std::string text = "apiVersion: apps/v1\nkind: " + std::string(kind) + "\n" + metadata(name, ns) + "spec:\n";
  if (std::string(kind) != "DaemonSet") text += "  replicas: " + std::to_string(1 + random.below(5)) + "\n";
  text += "  selector:\n    matchLabels:\n      app: " + app +
          "\n  template:\n    metadata:\n      labels:\n        app: " + app +
          "\n      annotations:\n        x/y: z\n    spec:\n      securityContext:\n        runAsNonRoot: true\n       "
          " runAsUser: 1000\n        seccompProfile:\n          type: RuntimeDefault\n";
  if (flawed && flaw == 3) text += "      hostNetwork: true\n";
  text += "      containers:\n" + container("main", flawed, flaw) + container("sidecar", false, 0) +
          "      initContainers:\n" + container("init", false, 0) +
          "      volumes:\n      - name: tmp\n        emptyDir: {}\n      - name: sa\n        projected:\n          "
          "sources: []\n      serviceAccountName: default\n      automountServiceAccountToken: false\n";
  return text;
}

std::string other(const std::string& name, const std::string& ns, uint64_t roll, Random& random) {
  std::string app = name.substr(0, name.rfind('-'));
  if (roll < 75) {
    return "apiVersion: v1\nkind: Service\n" + metadata(name, ns) +
           "spec:\n  type: " + (random.below(20) == 0 ? "NodePort" : "ClusterIP") + "\n  selector:\n    app: " + app +
           "\n  ports:\n  - name: http\n    port: 80\n    targetPort: 8080\n";
  }
  if (roll < 85) {
    std::string text = "apiVersion: v1\nkind: ConfigMap\n" + metadata(name, ns) + "data:\n";
    for (int i = 0; i < 6; ++i)
      text += "  key" + std::to_string(i) + ": \"value " + std::to_string(random.below(1000)) + "\"\n";
    return text + "  app.conf: |\n    listen 8080\n    workers 4\n    log_level info\n";
  }
  switch (random.below(4)) {
    case 0:
      return "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n" + metadata(name, ns) +
             "rules:\n- apiGroups: [\"\"]\n  resources: [\"pods\", \"services\"]\n  verbs: [\"get\", \"list\", "
             "\"watch\"]\n";
    case 1:
      return "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n" + metadata(name, ns) +
             "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: " + app +
             "\nsubjects:\n- kind: ServiceAccount\n  name: " + app + "\n  namespace: " + ns + "\n";
    case 2:
      return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" + metadata(name, ns) +
             "spec:\n  podSelector:\n    matchLabels:\n      app: " + app +
             "\n  policyTypes: [Ingress]\n  ingress:\n  - from:\n    - podSelector:\n        matchLabels:\n          "
             "role: client\n    ports:\n    - port: 8080\n";
    default:
      return "apiVersion: networking.k8s.io/v1\nkind: Ingress\n" + metadata(name, ns) + "spec:\n  tls:\n  - hosts: [" +
             app + ".example.com]\n    secretName: tls\n  rules:\n  - host: " + app +
             ".example.com\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend:\n     "
             "     service:\n            name: " +
             app + "\n            port:\n              number: 80\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: gen_objects OBJECTS FILES FOLDER [SEED]\n", stderr);
    return 2;
  }
  uint64_t objects = std::strtoull(argv[1], nullptr, 10);
  uint64_t files = std::strtoull(argv[2], nullptr, 10);
  std::filesystem::path folder = argv[3];
  Random random{argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 1};
  if (objects == 0 || files == 0) return 2;
  std::filesystem::create_directories(folder);
  uint64_t written = 0;
  for (uint64_t file = 0; file < files; ++file) {
    char name[32];
    std::snprintf(name, sizeof name, "part-%05" PRIu64 ".yaml", file);
    std::FILE* out = std::fopen((folder / name).c_str(), "wb");
    if (out == nullptr) {
      std::perror((folder / name).c_str());
      return 3;
    }
    for (uint64_t last = objects * (file + 1) / files; written < last; ++written) {
      uint64_t roll = random.below(100);
      std::string object_name = "app" + std::to_string(written / 4) + "-" + std::to_string(written % 4);
      std::string ns = "team-" + std::to_string(random.below(50));
      std::string text =
          "---\n" + (roll < 60 ? workload(object_name, ns, random) : other(object_name, ns, roll, random));
      std::fwrite(text.data(), 1, text.size(), out);
    }
    if (std::fclose(out) != 0) return 3;
  }
  return 0;
}
