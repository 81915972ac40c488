// Helpers of the expression tests: compile, bind a JSON document as `object`, run.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "doc/json.h"
#include "expr/check.h"
#include "expr/env.h"
#include "expr/program.h"

namespace ameia::expr::test {

inline std::shared_ptr<doc::Document> json(std::string text) {
  auto parsed =
      doc::parse_json(std::make_shared<doc::Source>("test.json", std::move(text)), std::make_shared<doc::Keys>());
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().text());
  return parsed ? *parsed : nullptr;
}

inline std::shared_ptr<const Env> env(Version version = Version::all()) {
  EnvBuilder builder(version);
  builder.variable("object", "dyn").variable("params", "dyn").variable("other", "dyn").composite("variables");
  auto built = builder.build();
  EXPECT_TRUE(built.has_value()) << (built ? "" : built.error().text());
  return std::make_shared<const Env>(std::move(*built));
}

inline Checked checked(const Env& env, std::string_view source) {
  auto compiled = compile(source, env);
  if (!compiled) {
    ADD_FAILURE() << format_issues(source, compiled.error());
    return {};
  }
  return std::move(*compiled);
}

// A set of programs over `object`, `params` and `other`.
struct Bench {
  explicit Bench(const std::vector<std::string>& sources, std::shared_ptr<const Env> with = env()) {
    ProgramSetBuilder builder(with);
    for (const std::string& source : sources) {
      auto added = builder.add(checked(*with, source));
      EXPECT_TRUE(added.has_value());
    }
    auto built = builder.build();
    EXPECT_TRUE(built.has_value());
    set = *built;
    machine = std::make_unique<Machine>(set);
  }
  std::shared_ptr<const ProgramSet> set;
  std::unique_ptr<Machine> machine;
};

// "value" or "error: message".
inline std::string shown(const Value& value) {
  return value.is_error() ? std::string("error: ").append(value.error->message) : to_text(value);
}

}  // namespace ameia::expr::test
