// Decision: what one validation of a policy says about one request, worded as the API server words it.
// Pure: evaluated expressions in, decisions out. Neighbours: policy/policy.h evaluates and calls this.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ameia::policy {

enum class FailurePolicy : uint8_t { kFail, kIgnore };
enum class Action : uint8_t { kAdmit, kDeny };
enum class Evaluation : uint8_t { kAdmit, kError, kDeny };

struct Decision {
  Action action = Action::kAdmit;
  Evaluation evaluation = Evaluation::kAdmit;
  std::string message;  // "failed expression: …", or the policy's own words
  std::string reason;   // metav1.StatusReason, set on a denial
  uint32_t expression_index = 0;
  bool operator==(const Decision&) const = default;
};

// How an expression ended.
struct Evaluated {
  enum class Kind : uint8_t { kNone, kTrue, kFalse, kString, kNull, kOther, kError } kind = Kind::kNone;
  std::string text;  // kString: the value; kError: the error; kOther: the type's name
};

// The fixed text of a validation.
struct ValidationText {
  std::string_view expression, message, reason;
};

// One validation's decision. `message` is the result of its messageExpression (kNone when there is none).
// `message_error` is set when all message expressions together could not be run (cost): then nothing is admitted.
Decision decide(const ValidationText& text, const Evaluated& result, const Evaluated& message,
                FailurePolicy failure_policy, std::string_view message_error = {});
// The single decision when evaluation as a whole failed (a match condition, the cost budget).
Decision decide_error(std::string_view error, FailurePolicy failure_policy);

struct AuditAnnotation {
  enum class Action : uint8_t { kPublish, kExclude, kError } action = Action::kExclude;
  std::string key, value, error;
  bool operator==(const AuditAnnotation&) const = default;
};
AuditAnnotation decide_audit(std::string_view key, std::string_view value_expression, const Evaluated& result,
                             FailurePolicy failure_policy);

// The HTTP status of a reason: Forbidden 403, Unauthorized 401, RequestEntityTooLarge 413, else 422.
int status_code(std::string_view reason);

// White space cut from both ends, as Go's strings.TrimSpace does for ASCII and U+0085, U+00A0.
std::string_view trim(std::string_view text);

}  // namespace ameia::policy
