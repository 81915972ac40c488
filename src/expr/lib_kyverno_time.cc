// Kyverno's time and random. What time it is and what is drawn come from the host: without it they are not known.
#include "expr/internal/lib_util.h"
#include "expr/internal/time.h"
#include "expr/lib_kyverno.h"
#include "expr/random_text.h"

namespace ameia::expr {
namespace internal {
namespace {

constexpr std::string_view kDefaultPattern = "[0-9a-z]{8}";

Value now(CallContext& context, const Value*, uint32_t) {
  if (context.host == nullptr || context.host->now == nullptr)
    return context.error("the time of the evaluation " + std::string(kNotKnownOffline));
  return Value::of_timestamp(context.host->now->seconds, context.host->now->nanos);
}

// Go's Time.Truncate: down to a multiple of the duration since the year 1.
Value truncate(CallContext&, const Value* args, uint32_t) {
  const int64_t step = args[1].integer;
  if (step <= 0) return args[0];
  const __int128 since = static_cast<__int128>(args[0].integer - kSecondsMin) * kNanos + args[0].size;
  const __int128 kept = since - since % step;
  return Value::of_timestamp(static_cast<int64_t>(kept / kNanos) + kSecondsMin, static_cast<uint32_t>(kept % kNanos),
                             args[0].east);
}

// "minute hour day month weekday", as the time was written.
Value to_cron(CallContext& context, const Value* args, uint32_t) {
  const Civil civil = civil_of(args[0].integer + int64_t{args[0].east} * 60);
  return context.string(std::to_string(civil.minute) + " " + std::to_string(civil.hour) + " " +
                        std::to_string(civil.day) + " " + std::to_string(civil.month) + " " +
                        std::to_string(civil.weekday));
}

Value random(CallContext& context, const Value* args, uint32_t count) {
  if (context.host == nullptr || context.host->random == nullptr)
    return context.error("a random text " + std::string(kNotKnownOffline));
  const base::Result<std::string> text =
      random_text(count == 0 ? kDefaultPattern : args[0].str(), *context.host->random);
  return text ? context.string(*text) : context.error(text.error().what);
}

constexpr Overload kTime[] = {
    {"time_now", "time.now() -> timestamp", now, nullptr, true, Answer::kOfRun},
    {"time_truncate", "time.truncate(timestamp, duration) -> timestamp", truncate, nullptr, true},
    {"time_to_cron", "time.toCron(timestamp) -> string", to_cron, nullptr, true},
    {"random_string_non_prefixed", "random(string) -> string", random, nullptr, false, Answer::kOfCall},
    {"random_string_default_expr_non_prefixed", "random() -> string", random, nullptr, false, Answer::kOfCall},
    {"random_string_prefixed", "random.random(string) -> string", random, nullptr, true, Answer::kOfCall},
    {"random_string_default_expr_prefixed", "random.random() -> string", random, nullptr, true, Answer::kOfCall},
};

}  // namespace
}  // namespace internal

Library kyverno_time_library() {
  return {"kyverno.time", 0, internal::kTime};
}

}  // namespace ameia::expr
