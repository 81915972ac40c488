// AdmissionRequest: what is asked of the cluster, as a policy sees it; read from an AdmissionReview or made for a scan.
// Neighbours: kube/resource.h (names), policy/policy.h (decides).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "doc/node.h"
#include "kube/object.h"
#include "kube/resource.h"

namespace ameia::kube {

enum class Operation : uint8_t { kCreate, kUpdate, kDelete, kConnect };
std::string_view to_string(Operation operation);  // "CREATE" …

// Threads: free to read. Owns: nothing; every view borrows from the review, the object's document or a constant.
// `object` is null on DELETE, `old_object` on CREATE; a null Node stands for null.
struct AdmissionRequest {
  std::string_view uid;
  Gvk kind;      // of the object
  Gvr resource;  // of the request, after matchPolicy conversion
  std::string_view subresource;
  Gvk request_kind;  // of the original request; equal to kind unless a webhook converted
  Gvr request_resource;
  std::string_view name, ns;  // ns of a Namespace request is its own name, as in the API server
  Operation operation = Operation::kCreate;
  const doc::Node* user_info = nullptr;  // {username, uid, groups, extra}; nullptr = nobody known (a scan)
  const doc::Node* object = nullptr;
  const doc::Node* old_object = nullptr;
  const doc::Node* options = nullptr;
  bool dry_run = false;
};

// Reads an AdmissionReview (admission.k8s.io/v1 or v1beta1). The views borrow from `review`.
// Fails: kInvalidInput, with the field in `where`.
base::Result<AdmissionRequest> read_admission_review(const doc::Node& review);

// The request that would create `object`: what a scan asks. `resource` is the object's row of the table, it must
// outlive the request, as must `object`. A namespaced object that names no namespace is in "default".
AdmissionRequest creation_of(const ObjectView& object, const ResourceInfo& resource);

}  // namespace ameia::kube
