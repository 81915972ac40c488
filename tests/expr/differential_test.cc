// Two implementations of one meaning: generated expressions over generated documents, evaluated by the planned machine
// (many programs in one set, so that they share) and by the naive tree walk. Values, errors and costs must be equal.
// AMEIA_DIFFERENTIAL=N tries N expressions instead of kExpressions; AMEIA_SEED=N begins elsewhere.
#include <cstdlib>
#include <random>

#include "expr/naive.h"
#include "expr/support.h"

namespace ameia::expr::test {
namespace {

constexpr size_t kExpressions = 6000, kDocuments = 4, kTogether = 16;

enum class Kind : uint8_t { kBool, kInt, kUint, kDouble, kString, kInts, kStrings, kMap, kOptional, kDyn, kDuration };

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::string any() { return of(static_cast<Kind>(pick(11)), 4); }

  std::string document() {
    const auto number = [&] { return std::to_string(static_cast<int>(pick(9)) - 2); };
    const auto word = [&] { return '"' + std::string(kWords[pick(std::size(kWords))]) + '"'; };
    const auto list = [&](const auto& item) {
      std::string out = "[";
      for (size_t i = 0, n = pick(5); i < n; ++i) out += (i == 0 ? "" : ", ") + item();
      return out + "]";
    };
    std::string out = R"({"i": )" + number() + R"(, "j": )" + number() + R"(, "s": )" + word() + R"(, "t": )" + word();
    out += R"(, "b": )" + std::string(pick(2) == 0 ? "true" : "false") + R"(, "l": )" + list(number) + R"(, "ls": )" +
           list(word);
    out += R"(, "m": {)";
    for (size_t i = 0, n = pick(4); i < n; ++i)
      out += (i == 0 ? "" : ", ") + ('"' + std::string(kKeys[i]) + "\": ") + number();
    out += R"(}, "object": {"a": )" + number() + R"(, "b": {"a": )" + word() + R"(, "c": )" + list(number) + "}";
    if (pick(2) == 0) out += R"(, "c": [{"a": 1, "b": )" + word() + R"(}, {"a": null}])";
    if (pick(2) == 0) out += R"(, "d": 1.5)";
    return out + "}}";
  }

  size_t pick(size_t below) { return random_() % below; }

 private:
  static constexpr std::string_view kWords[] = {"",   "a",    "b",   "abc", "añb",     "a,b,c",
                                                "10", "true", "1.5", "x-y", "10.0.0.1"};
  static constexpr std::string_view kKeys[] = {"a", "b", "c", "d"};
  static constexpr std::string_view kSteps[] = {".a",  ".b",  ".c",  ".d",       "[\"a\"]", "[0]",
                                                "[1]", ".?a", ".?b", "[?\"c\"]", "[?0]"};

  std::string word() { return "'" + std::string(kWords[pick(std::size(kWords))]) + "'"; }
  std::string key() { return "'" + std::string(kKeys[pick(std::size(kKeys))]) + "'"; }

  // A variable of the kind, if a loop has one in force.
  bool local(Kind kind, std::string& out) {
    std::vector<std::string> fits;
    for (const auto& [name, of] : locals_) {
      if (of == kind) fits.push_back(name);
    }
    if (fits.empty() || pick(3) == 0) return false;
    out = fits[pick(fits.size())];
    return true;
  }

  // `form` with a body that may use the given variables.
  std::string loop(const std::string& range, const std::string& macro,
                   std::vector<std::pair<std::string, Kind>> variables, const std::vector<Kind>& bodies, int depth) {
    std::string out = range + "." + macro + "(";
    const size_t before = locals_.size();
    for (size_t i = 0; i < variables.size(); ++i) {
      variables[i].first += std::to_string(locals_.size());
      out += (i == 0 ? "" : ", ") + variables[i].first;
    }
    for (const auto& variable : variables) locals_.push_back(variable);
    for (const Kind body : bodies) out += ", " + of(body, depth - 1);
    locals_.resize(before);
    return out + ")";
  }

  std::string of(Kind kind, int depth) {
    std::string out;
    if (pick(3) == 0 && local(kind, out)) return out;
    if (depth <= 0 || pick(6) == 0) return leaf(kind);
    if (pick(9) == 0)
      return "(" + of(Kind::kBool, depth - 1) + " ? " + of(kind, depth - 1) + " : " + of(kind, depth - 1) + ")";
    if (pick(14) == 0) {
      const Kind bound = static_cast<Kind>(pick(11));
      const std::string name = "v" + std::to_string(locals_.size()), init = of(bound, depth - 1);
      locals_.emplace_back(name, bound);
      out = "cel.bind(" + name + ", " + init + ", " + of(kind, depth - 1) + ")";
      locals_.pop_back();
      return out;
    }
    switch (kind) {
      case Kind::kBool: return boolean(depth - 1);
      case Kind::kInt: return integer(depth - 1);
      case Kind::kUint: return "(" + of(kind, depth - 1) + (pick(2) == 0 ? " + " : " * ") + of(kind, depth - 1) + ")";
      case Kind::kDouble: return real(depth - 1);
      case Kind::kString: return text(depth - 1);
      case Kind::kInts: return integers(depth - 1);
      case Kind::kStrings: return texts(depth - 1);
      case Kind::kMap: return map(depth - 1);
      case Kind::kOptional: return optional(depth - 1);
      case Kind::kDyn: return dynamic(depth - 1);
      case Kind::kDuration:
        return "(" + of(kind, depth - 1) + (pick(2) == 0 ? " + " : " - ") + of(kind, depth - 1) + ")";
    }
    return leaf(kind);
  }

  std::string leaf(Kind kind) {
    switch (kind) {
      case Kind::kBool: return pick(2) == 0 ? "b" : pick(2) == 0 ? "true" : "false";
      case Kind::kInt: return pick(2) == 0 ? (pick(2) == 0 ? "i" : "j") : std::to_string(pick(6));
      case Kind::kUint: return pick(2) == 0 ? "u" : std::to_string(pick(6)) + "u";
      case Kind::kDouble: return pick(2) == 0 ? "d" : std::to_string(pick(4)) + ".5";
      case Kind::kString: return pick(2) == 0 ? (pick(2) == 0 ? "s" : "t") : word();
      case Kind::kInts: return pick(2) == 0 ? "l" : pick(2) == 0 ? "[3, 1, 2]" : "[i, 2]";
      case Kind::kStrings: return pick(2) == 0 ? "ls" : "['a', 'b', s]";
      case Kind::kMap: return pick(2) == 0 ? "m" : "{'a': 1, 'b': i}";
      case Kind::kOptional: return pick(3) == 0 ? "optional.none()" : "m[?" + key() + "]";
      case Kind::kDyn: return pick(3) == 0 ? "dyn(1)" : "object";
      case Kind::kDuration: return pick(2) == 0 ? "duration('1h')" : "duration('-90s')";
    }
    return "null";
  }

  std::string boolean(int depth) {
    const auto sub = [&](Kind kind) { return of(kind, depth); };
    const Kind kind = static_cast<Kind>(pick(11));
    switch (pick(22)) {
      case 0: return "(" + sub(kind) + (pick(2) == 0 ? " == " : " != ") + sub(kind) + ")";
      case 1: return "(" + sub(Kind::kInt) + " < " + sub(Kind::kInt) + ")";
      case 2: return "(" + sub(Kind::kString) + " >= " + sub(Kind::kString) + ")";
      case 3: return "(" + sub(Kind::kDouble) + " <= " + sub(Kind::kInt) + ")";
      case 4:
      case 5: return "(" + sub(Kind::kBool) + " && " + sub(Kind::kBool) + ")";
      case 6:
      case 7: return "(" + sub(Kind::kBool) + " || " + sub(Kind::kBool) + ")";
      case 8: return "!" + sub(Kind::kBool);
      case 9: return "(" + sub(Kind::kInt) + " in " + sub(Kind::kInts) + ")";
      case 10:
        return "(" + sub(Kind::kString) + " in " +
               (pick(2) == 0   ? sub(Kind::kMap)
                : pick(2) == 0 ? "['a', 'b']"
                               : sub(Kind::kStrings)) +
               ")";
      case 11:
        return "has(object" + std::string(kSteps[pick(4)]) + std::string(pick(2) == 0 ? "" : kSteps[pick(4)]) + ")";
      case 12: return "has(m." + std::string(kKeys[pick(4)]) + ")";
      case 13: return sub(Kind::kString) + (pick(2) == 0 ? ".startsWith(" : ".contains(") + sub(Kind::kString) + ")";
      case 14: return sub(Kind::kString) + ".matches('^[a-c]+$')";
      case 15:
        return loop(sub(Kind::kInts), pick(2) == 0 ? "all" : "exists", {{"x", Kind::kInt}}, {Kind::kBool}, depth);
      case 16:
        return loop(sub(Kind::kStrings), pick(2) == 0 ? "exists_one" : "all", {{"x", Kind::kString}}, {Kind::kBool},
                    depth);
      case 17:
        return loop(sub(Kind::kMap), pick(2) == 0 ? "all" : "exists", {{"k", Kind::kString}, {"w", Kind::kInt}},
                    {Kind::kBool}, depth);
      case 18: return sub(Kind::kOptional) + ".hasValue()";
      case 19:
        return "sets." + std::string(pick(2) == 0 ? "contains" : "intersects") + "(" + sub(Kind::kInts) + ", " +
               sub(Kind::kInts) + ")";
      case 20: return sub(Kind::kInts) + ".isSorted()";
      default: return "isIP(" + sub(Kind::kString) + ")";
    }
  }

  std::string integer(int depth) {
    const auto sub = [&](Kind kind) { return of(kind, depth); };
    static constexpr std::string_view kOperators[] = {" + ", " - ", " * ", " / ", " % "};
    switch (pick(13)) {
      case 0:
      case 1:
      case 2: return "(" + sub(Kind::kInt) + std::string(kOperators[pick(5)]) + sub(Kind::kInt) + ")";
      case 3: return "size(" + sub(pick(2) == 0 ? Kind::kString : pick(2) == 0 ? Kind::kInts : Kind::kMap) + ")";
      case 4: return sub(Kind::kInts) + "[" + sub(Kind::kInt) + "]";
      case 5: return sub(Kind::kMap) + "[" + sub(Kind::kString) + "]";
      case 6: return "int(" + sub(pick(2) == 0 ? Kind::kDouble : Kind::kString) + ")";
      case 7: return sub(Kind::kInts) + (pick(2) == 0 ? ".sum()" : ".max()");
      case 8: return sub(Kind::kString) + ".indexOf(" + sub(Kind::kString) + ")";
      case 9: return sub(Kind::kOptional) + ".orValue(" + sub(Kind::kInt) + ")";
      case 10: return "math.greatest(" + sub(Kind::kInt) + ", " + sub(Kind::kInt) + ")";
      case 11: return "-" + sub(Kind::kInt);
      default: return "int(" + sub(Kind::kDyn) + ")";
    }
  }

  std::string real(int depth) {
    if (pick(3) == 0) return "double(" + of(pick(2) == 0 ? Kind::kInt : Kind::kString, depth) + ")";
    if (pick(3) == 0) return "math.round(" + of(Kind::kDouble, depth) + ")";
    return "(" + of(Kind::kDouble, depth) + (pick(2) == 0 ? " * " : " / ") + of(Kind::kDouble, depth) + ")";
  }

  std::string text(int depth) {
    const auto sub = [&](Kind kind) { return of(kind, depth); };
    switch (pick(11)) {
      case 0:
      case 1: return "(" + sub(Kind::kString) + " + " + sub(Kind::kString) + ")";
      case 2: return sub(Kind::kString) + ".substring(" + sub(Kind::kInt) + ")";
      case 3: return sub(Kind::kString) + ".replace(" + sub(Kind::kString) + ", " + sub(Kind::kString) + ", 2)";
      case 4: return sub(Kind::kString) + ".upperAscii()";
      case 5: return "string(" + sub(pick(2) == 0 ? Kind::kInt : pick(2) == 0 ? Kind::kDuration : Kind::kDyn) + ")";
      case 6: return sub(Kind::kStrings) + "[" + sub(Kind::kInt) + "]";
      case 7: return sub(Kind::kStrings) + ".join(" + sub(Kind::kString) + ")";
      case 8: return "'%d-%s'.format([" + sub(Kind::kInt) + ", " + sub(Kind::kString) + "])";
      case 9: return sub(Kind::kString) + ".charAt(" + sub(Kind::kInt) + ")";
      default: return sub(Kind::kString) + ".find('[a-b]+')";
    }
  }

  std::string integers(int depth) {
    const auto sub = [&](Kind kind) { return of(kind, depth); };
    switch (pick(12)) {
      case 0: return "[" + sub(Kind::kInt) + ", " + sub(Kind::kInt) + "]";
      case 1: return "[" + sub(Kind::kInt) + ", ?" + sub(Kind::kOptional) + "]";
      case 2: return loop(sub(Kind::kInts), "map", {{"x", Kind::kInt}}, {Kind::kInt}, depth);
      case 3: return loop(sub(Kind::kInts), "filter", {{"x", Kind::kInt}}, {Kind::kBool}, depth);
      case 4: return loop(sub(Kind::kStrings), "map", {{"x", Kind::kString}}, {Kind::kBool, Kind::kInt}, depth);
      case 5:
        return loop(sub(Kind::kInts), "transformList", {{"n", Kind::kInt}, {"x", Kind::kInt}}, {Kind::kInt}, depth);
      case 6: return "(" + sub(Kind::kInts) + " + " + sub(Kind::kInts) + ")";
      case 7: return sub(Kind::kInts) + ".slice(0, " + sub(Kind::kInt) + ")";
      case 8: return sub(Kind::kInts) + (pick(3) == 0 ? ".sort()" : pick(2) == 0 ? ".distinct()" : ".reverse()");
      case 9: return loop(sub(Kind::kMap), "map", {{"k", Kind::kString}}, {Kind::kInt}, depth);
      case 10: return loop(sub(Kind::kInts), "sortBy", {{"x", Kind::kInt}}, {Kind::kInt}, depth);
      default: return "lists.range(" + std::to_string(pick(4)) + ")";
    }
  }

  std::string texts(int depth) {
    if (pick(3) == 0) return of(Kind::kString, depth) + ".split(',')";
    if (pick(2) == 0) return loop(of(Kind::kInts, depth), "map", {{"x", Kind::kInt}}, {Kind::kString}, depth);
    return loop(of(Kind::kStrings, depth), "filter", {{"x", Kind::kString}}, {Kind::kBool}, depth);
  }

  std::string map(int depth) {
    switch (pick(4)) {
      case 0:
        return "{" + of(Kind::kString, depth) + ": " + of(Kind::kInt, depth) + ", 'b': " + of(Kind::kInt, depth) + "}";
      case 1: return "{?'a': " + of(Kind::kOptional, depth) + "}";
      case 2:
        return loop(of(Kind::kMap, depth), "transformMap", {{"k", Kind::kString}, {"w", Kind::kInt}}, {Kind::kInt},
                    depth);
      default:
        return loop(of(Kind::kInts, depth), "transformMapEntry", {{"n", Kind::kInt}, {"x", Kind::kInt}}, {Kind::kMap},
                    depth);
    }
  }

  std::string optional(int depth) {
    switch (pick(7)) {
      case 0: return "optional.of(" + of(Kind::kInt, depth) + ")";
      case 1: return of(Kind::kMap, depth) + "[?" + key() + "]";
      case 2: return of(Kind::kInts, depth) + "[?" + of(Kind::kInt, depth) + "]";
      case 3: return of(Kind::kOptional, depth) + ".or(" + of(Kind::kOptional, depth) + ")";
      case 4: return loop(of(Kind::kOptional, depth), "optMap", {{"o", Kind::kInt}}, {Kind::kInt}, depth);
      case 5: return loop(of(Kind::kOptional, depth), "optFlatMap", {{"o", Kind::kInt}}, {Kind::kOptional}, depth);
      default: return of(Kind::kInts, depth) + ".first()";
    }
  }

  std::string dynamic(int depth) {
    std::string out = pick(3) != 0   ? "object"
                      : pick(2) == 0 ? "(" + of(Kind::kBool, depth) + " ? object.b : object)"
                                     : of(Kind::kDyn, depth);
    for (size_t i = 0, n = pick(3); i < n; ++i) out += kSteps[pick(std::size(kSteps))];
    if (pick(5) == 0) out += "[" + of(pick(2) == 0 ? Kind::kInt : Kind::kString, depth) + "]";
    return pick(6) == 0 ? "dyn(" + of(Kind::kInt, depth) + ")" : out;
  }

  std::mt19937_64 random_;
  std::vector<std::pair<std::string, Kind>> locals_;
};

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

constexpr const char* kFromDocument[] = {"i", "j", "s", "t", "b", "l", "ls", "m", "object"};

template <typename Evaluator>
void bind(Evaluator& evaluator, const doc::Document& document) {
  for (const char* name : kFromDocument) evaluator.set(name, Value::of_node(document.root()[name]));
  evaluator.set("u", Value::of_uint(3));
  evaluator.set("d", Value::of_double(2.25));
}

std::shared_ptr<const Env> environment() {
  EnvBuilder builder(Version::all());
  builder.variable("i", "int")
      .variable("j", "int")
      .variable("s", "string")
      .variable("t", "string")
      .variable("b", "bool");
  builder.variable("l", "list(int)")
      .variable("ls", "list(string)")
      .variable("m", "map(string, int)")
      .variable("object", "dyn");
  builder.variable("u", "uint").variable("d", "double");
  auto built = builder.build();
  EXPECT_TRUE(built.has_value());
  return std::make_shared<const Env>(std::move(*built));
}

TEST(Differential, PlannedAndNaiveAgree) {
  const size_t wanted = setting("AMEIA_DIFFERENTIAL", kExpressions);
  const uint64_t seed = setting("AMEIA_SEED", 1);
  Generator generator(seed);
  const auto with = environment();
  std::vector<std::shared_ptr<doc::Document>> documents;
  for (size_t i = 0; i < kDocuments; ++i) documents.push_back(json(generator.document()));
  RunLimits limits;
  limits.cost_max = UINT64_MAX;

  size_t pairs = 0, rejected = 0, errors = 0, different = 0;
  for (size_t done = 0; done < wanted && different < 10; done += kTogether) {
    ProgramSetBuilder builder(with);
    std::vector<std::string> sources;
    while (sources.size() < kTogether) {
      std::string source = generator.any();
      auto compiled = compile(source, *with);
      if (!compiled) {
        ++rejected;
        continue;
      }
      ASSERT_TRUE(builder.add(std::move(*compiled)).has_value()) << source;
      sources.push_back(std::move(source));
    }
    auto set = builder.build();
    ASSERT_TRUE(set.has_value());
    Machine machine(*set);
    for (const auto& document : documents) {
      machine.reset();
      bind(machine, *document);
      for (ProgramId id = 0; id < sources.size(); ++id) {
        const Outcome planned = machine.run(id, limits);
        Naive naive((*set)->checked(id));
        bind(naive, *document);
        const NaiveOutcome plain = naive.run();
        ++pairs;
        errors += plain.value.is_error();
        const bool equal = shown(planned.value) == shown(plain.value) && planned.cost == plain.cost;
        different += !equal;
        EXPECT_TRUE(equal) << "seed " << seed << ": " << sources[id] << "\n  planned " << shown(planned.value) << " @ "
                           << planned.cost << "\n  naive   " << shown(plain.value) << " @ " << plain.cost;
      }
    }
  }
  RecordProperty("pairs", static_cast<int>(pairs));
  RecordProperty("errors", static_cast<int>(errors));
  if (different == 0) {
    EXPECT_GE(pairs, wanted * kDocuments);
  }
  EXPECT_LT(rejected, wanted / 5);
  EXPECT_LT(errors, pairs / 2);
}

// A program alone says and costs what it says and costs among others.
TEST(Differential, SharedAndAloneAgree) {
  Generator generator(setting("AMEIA_SEED", 1) + 1000);
  const auto with = environment();
  const auto document = json(generator.document());
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> sources;
    while (sources.size() < kTogether) {
      std::string source = generator.any();
      if (compile(source, *with)) sources.push_back(std::move(source));
    }
    // Each twice, so that all of it is shared.
    std::vector<std::string> doubled = sources;
    doubled.insert(doubled.end(), sources.begin(), sources.end());
    Bench together(doubled, with);
    bind(*together.machine, *document);
    for (ProgramId id = 0; id < doubled.size(); ++id) {
      Bench alone({doubled[id]}, with);
      bind(*alone.machine, *document);
      const Outcome shared = together.machine->run(id), single = alone.machine->run(0);
      ASSERT_EQ(shown(shared.value), shown(single.value)) << doubled[id];
      ASSERT_EQ(shared.cost, single.cost) << doubled[id];
      ASSERT_EQ(shared.over_budget, single.over_budget) << doubled[id];
    }
  }
}

}  // namespace
}  // namespace ameia::expr::test
