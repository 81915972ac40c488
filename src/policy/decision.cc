#include "policy/decision.h"

#include "policy/limits.h"

namespace ameia::policy {
namespace {

// The bytes of one white-space character at the start of `text`, 0 when there is none (Go unicode.IsSpace).
size_t space_at(std::string_view text) {
  if (text.empty()) return 0;
  auto c = static_cast<unsigned char>(text[0]);
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  for (std::string_view wide :
       {"\u0085", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007",
        "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"}) {
    if (text.starts_with(wide)) return wide.size();
  }
  return 0;
}

std::string denial_message(const ValidationText& text, const Evaluated& message) {
  if (message.kind == Evaluated::Kind::kString) {
    std::string_view own = trim(message.text);
    if (own.size() <= kMessageExpressionBytesMax && own.find('\n') == std::string_view::npos && !own.empty())
      return std::string(own);
  }
  if (std::string_view fixed = trim(text.message); !fixed.empty()) return std::string(fixed);
  return "failed expression: " + std::string(trim(text.expression));
}

}  // namespace

std::string_view trim(std::string_view text) {
  while (size_t n = space_at(text)) text.remove_prefix(n);
  for (bool again = true; again && !text.empty();) {
    again = false;
    for (size_t n = 1; n <= 3 && n <= text.size(); ++n) {
      if (space_at(text.substr(text.size() - n)) == n) {
        text.remove_suffix(n);
        again = true;
        break;
      }
    }
  }
  return text;
}

Decision decide_error(std::string_view error, FailurePolicy failure_policy) {
  Decision decision;
  decision.action = failure_policy == FailurePolicy::kIgnore ? Action::kAdmit : Action::kDeny;
  decision.evaluation = Evaluation::kError;
  decision.message = error;
  return decision;
}

Decision decide(const ValidationText& text, const Evaluated& result, const Evaluated& message,
                FailurePolicy failure_policy, std::string_view message_error) {
  if (result.kind == Evaluated::Kind::kError) return decide_error(result.text, failure_policy);
  if (!message_error.empty())
    return decide_error("failed messageExpression: " + std::string(message_error), failure_policy);
  Decision decision;
  if (result.kind == Evaluated::Kind::kTrue) return decision;
  decision.action = Action::kDeny;
  decision.evaluation = Evaluation::kDeny;
  decision.reason = text.reason.empty() ? std::string_view("Invalid") : text.reason;
  decision.message = denial_message(text, message);
  return decision;
}

AuditAnnotation decide_audit(std::string_view key, std::string_view value_expression, const Evaluated& result,
                             FailurePolicy failure_policy) {
  AuditAnnotation annotation;
  annotation.key = key;
  switch (result.kind) {
    case Evaluated::Kind::kError:
      annotation.action = failure_policy == FailurePolicy::kIgnore ? AuditAnnotation::Action::kExclude
                                                                   : AuditAnnotation::Action::kError;
      annotation.error = result.text;
      break;
    case Evaluated::Kind::kString: {
      std::string_view value = trim(result.text);
      if (value.empty()) break;
      annotation.action = AuditAnnotation::Action::kPublish;
      annotation.value = value;
      break;
    }
    case Evaluated::Kind::kNull:
    case Evaluated::Kind::kNone: break;
    default:
      annotation.action = AuditAnnotation::Action::kError;
      annotation.error =
          "valueExpression '" + std::string(value_expression) +
          "' resulted in unsupported return type: " + (result.kind == Evaluated::Kind::kOther ? result.text : "bool") +
          ". Return type must be either string or null.";
  }
  return annotation;
}

int status_code(std::string_view reason) {
  if (reason == "Forbidden") return 403;
  if (reason == "Unauthorized") return 401;
  if (reason == "RequestEntityTooLarge") return 413;
  return 422;
}

}  // namespace ameia::policy
