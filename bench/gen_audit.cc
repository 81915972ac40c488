// gen_audit BYTES FILE: a Kubernetes audit log of about so many bytes, seeded, one event a line, with the fields that
// an API server writes at level Metadata and, for one event in ten, a request object. The names are those of
// rbac_bench's estate.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: gen_audit BYTES FILE\n");
    return 2;
  }
  const uint64_t wanted = std::strtoull(argv[1], nullptr, 10);
  std::FILE* out = std::fopen(argv[2], "wb");
  if (out == nullptr) {
    std::fprintf(stderr, "gen_audit: %s cannot be written\n", argv[2]);
    return 1;
  }
  static const char* const kVerbs[] = {"get", "list", "watch", "create", "update", "patch", "delete"};
  static const char* const kResources[] = {"pods", "services", "configmaps", "endpoints", "events", "secrets"};
  std::mt19937 random(20'261'127);
  const auto number = [&](unsigned below) { return std::to_string(random() % below); };
  uint64_t written = 0, id = 0;
  std::string line;
  while (written < wanted) {
    const std::string ns = "ns" + number(2'000), account = "app-" + number(25);
    const std::string verb = kVerbs[random() % 7], resource = kResources[random() % 6];
    const std::string name = "object-" + number(100'000);
    const std::string second = std::to_string(10 + id / 1'000 % 50), micro = std::to_string(100'000 + id % 900'000);
    const std::string time = "2026-11-25T10:" + second + ":00." + micro + "Z";
    line =
        R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"6f1e3c52-7a5b-4f43-9d0e-)" +
        std::to_string(100'000'000'000 + id) + R"(","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/)" +
        ns + "/" + resource + "/" + name + R"(","verb":")" + verb + R"(","user":{"username":"system:serviceaccount:)" +
        ns + ":" + account +
        R"(","uid":"0c2f7a1e-8a53-4a43-b5a8-6b8d0f3f1b5c","groups":["system:serviceaccounts","system:serviceaccounts:)" +
        ns + R"(","system:authenticated"],"extra":{"authentication.kubernetes.io/pod-name":[")" + account +
        R"(-6d5f7c9b8d-x2x7k"],"authentication.kubernetes.io/pod-uid":["3a1f0c5e-1d2b-4c3d-8e4f-5a6b7c8d9e0f"]}},)" +
        R"("sourceIPs":["10.12.34.56"],"userAgent":"controller/v1.34.1 (linux/amd64) kubernetes/1a2b3c4","objectRef":{"resource":")" +
        resource + R"(","namespace":")" + ns + R"(","name":")" + name +
        R"(","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200},)";
    if (id % 10 == 0) {
      line += R"("requestObject":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":")" + name +
              R"("},"data":{"settings":")" + std::string(800, 'x') + R"("}},)";
    }
    line +=
        R"("requestReceivedTimestamp":")" + time + R"(","stageTimestamp":")" + time +
        R"(","annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"RBAC: allowed by RoleBinding \"binding-)" +
        number(100'000) + "/" + ns + R"(\" of Role \"role-1\" to ServiceAccount \")" + account + "/" + ns +
        "\\\"\"}}\n";
    if (std::fwrite(line.data(), 1, line.size(), out) != line.size()) {
      std::fprintf(stderr, "gen_audit: %s is not whole\n", argv[2]);
      return 1;
    }
    written += line.size();
    ++id;
  }
  if (std::fclose(out) != 0) {
    std::fprintf(stderr, "gen_audit: %s is not whole\n", argv[2]);
    return 1;
  }
  std::fprintf(stderr, "gen_audit: %llu events, %llu bytes\n", static_cast<unsigned long long>(id),
               static_cast<unsigned long long>(written));
  return 0;
}
