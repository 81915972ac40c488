// Edits of texts: by example, and the property that the edited text reads as the patched tree and differs nowhere else.
#include "doc/edit.h"

#include <gtest/gtest.h>

#include <random>

#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"
#include "doc/yaml.h"

namespace ameia::doc {
namespace {

struct Text {
  std::shared_ptr<Source> source;
  std::vector<std::shared_ptr<Document>> documents;
};

Text read(std::string text, Syntax syntax) {
  Text out{std::make_shared<Source>("t", std::move(text)), {}};
  auto keys = std::make_shared<Keys>();
  if (syntax == Syntax::kJson) {
    auto document = parse_json(out.source, keys);
    if (document) out.documents.push_back(*document);
  } else {
    YamlStream stream = parse_yaml(out.source, keys);
    for (const base::Error& error : stream.errors) ADD_FAILURE() << error.text() << "\n" << out.source->bytes();
    out.documents = stream.documents;
  }
  return out;
}

// The text after a JSON Patch (written as YAML) on its first document; or "refused: …".
std::string edited(const std::string& text, const std::string& patch, Syntax syntax = Syntax::kYaml) {
  Text before = read(text, syntax), operations = read(patch, Syntax::kYaml);
  base::Arena arena;
  std::vector<Change> changes;
  for (const auto& document : before.documents) changes.push_back({document, document->root()});
  auto target = apply_json_patch(before.documents.at(0)->root(), operations.documents.at(0)->root(), arena);
  if (!target) return "no patch: " + target.error().text();
  changes[0].target = *target;
  auto result = edit(before.source, syntax, changes);
  return result ? result->text : "refused: " + result.error().what;
}

std::string added(const std::string& text, const std::string& path, const std::string& value) {
  return edited(text, "[{op: add, path: " + path + ", value: " + value + "}]");
}

std::string removed(const std::string& text, const std::string& path) {
  return edited(text, "[{op: remove, path: " + path + "}]");
}

TEST(Edit, SetsScalarsInTheirOwnQuotes) {
  EXPECT_EQ(added("a: 1 # one\nb: 'x'\n", "/a", "2"), "a: 2 # one\nb: 'x'\n");
  EXPECT_EQ(added("a: 1\nb: 'x'  # b\n", "/b", "v"), "a: 1\nb: 'v'  # b\n");
  EXPECT_EQ(added("b: \"x\"\n", "/b", "v"), "b: \"v\"\n");
  EXPECT_EQ(added("b: x\n", "/b", "'yes'"), "b: \"yes\"\n");
  EXPECT_EQ(added("b: |\n  text\n  more\nc: 1\n", "/b", "false"), "b: false\nc: 1\n");
  EXPECT_EQ(added("b:   # nothing yet\nc: 1\n", "/b", "true"), "b: true   # nothing yet\nc: 1\n");
  EXPECT_EQ(added("- 1\n-\n- 3\n", "/1", "9"), "- 1\n- 9\n-\n- 3\n");
  EXPECT_EQ(edited("- 1\n-\n- 3\n", "[{op: replace, path: /1, value: 9}]"), "- 1\n- 9\n- 3\n");
}

TEST(Edit, AddsMembersBehindTheLast) {
  EXPECT_EQ(added("a: 1\n", "/b", "2"), "a: 1\nb: 2\n");
  EXPECT_EQ(added("a: 1", "/b", "2"), "a: 1\nb: 2");
  EXPECT_EQ(added("a: 1\r\n", "/b", "{c: d}"), "a: 1\r\nb:\r\n  c: d\r\n");
  EXPECT_EQ(
      added("spec:\n    containers:\n    - name: web # the app\n      image: x\n\n# end\n", "/spec/containers/0/s",
            "{a: false, drop: [ALL]}"),
      "spec:\n    containers:\n    - name: web # the app\n      image: x\n      s:\n          a: false\n          "
      "drop:\n          - ALL\n\n# end\n");
  EXPECT_EQ(added("a:\n  b: |+\n    text\n\nz: 1\n", "/a/c", "2"), "a:\n  b: |+\n    text\n\n  c: 2\nz: 1\n");
  EXPECT_EQ(added("a:\n  b: |\n    text\n\nz: 1\n", "/a/c", "2"), "a:\n  b: |\n    text\n  c: 2\n\nz: 1\n");
  EXPECT_EQ(added("{a: 1, b: {}}\n", "/b/c", "[x]"), "{a: 1, b: {c: [x]}}\n");
  EXPECT_EQ(added("a: {}\n", "/a/c", "true"), "a: {c: true}\n");
  EXPECT_EQ(added("a: {\"b\": 1}\n", "/a/c", "true"), "a: {\"b\": 1, \"c\": true}\n");
  EXPECT_EQ(added("a:\n  b: 1\n", "/a", "{b: 1, c: {d: [{e: 1, f: 2}, g]}}"),
            "a:\n  b: 1\n  c:\n    d:\n      - e: 1\n        f: 2\n      - g\n");
}

TEST(Edit, AddsItems) {
  EXPECT_EQ(added("drop: [\"NET_RAW\"]\n", "/drop/-", "ALL"), "drop: [\"NET_RAW\", \"ALL\"]\n");
  EXPECT_EQ(added("drop:\n- NET_RAW # why\nadd: []\n", "/drop/-", "ALL"), "drop:\n- NET_RAW # why\n- ALL\nadd: []\n");
  EXPECT_EQ(added("drop: []\n", "/drop/-", "ALL"), "drop: [ALL]\n");
  EXPECT_EQ(added("l:\n  - a\n  - b\n", "/l/0", "{x: v, z: 1}"), "l:\n  - x: v\n    z: 1\n  - a\n  - b\n");
  EXPECT_EQ(added("l:\n  - a # first\n  # about b\n  - b\n", "/l/1", "v"),
            "l:\n  - a # first\n  - v\n  # about b\n  - b\n");
  EXPECT_EQ(added("- - a\n  - b\n", "/0/0", "v"), "- - v\n  - a\n  - b\n");
}

TEST(Edit, TakesOutWithItsLine) {
  EXPECT_EQ(removed("a: 1\nb: 2 # two\nc: 3\n", "/b"), "a: 1\nc: 3\n");
  EXPECT_EQ(removed("a: 1\nb:\n  - x\n  - y\n# about c\nc: 3\n", "/b"), "a: 1\n# about c\nc: 3\n");
  EXPECT_EQ(removed("a: 1\nb: 2\n", "/a"), "b: 2\n");
  EXPECT_EQ(removed("a: 1\nb: 2", "/b"), "a: 1");
  EXPECT_EQ(removed("x:\n  a: 1 # one\n", "/x/a"), "x: {} # one\n");
  EXPECT_EQ(removed("l:\n- hostPort: 80\n  name: x\n", "/l/0/hostPort"), "l:\n- name: x\n");
  EXPECT_EQ(removed("l:\n- hostPort: 80\n  # the name\n  name: x\n", "/l/0/hostPort"),
            "l:\n-\n  # the name\n  name: x\n");
  EXPECT_EQ(removed("l: [a, b, c]\n", "/l/1"), "l: [a, c]\n");
  EXPECT_EQ(removed("l: [a, b, c]\n", "/l/2"), "l: [a, b]\n");
  EXPECT_EQ(removed("l: [a]\n", "/l/0"), "l: []\n");
  EXPECT_EQ(removed("l:\n- a\n- b # b\n- c\n", "/l/1"), "l:\n- a\n- c\n");
  EXPECT_EQ(removed("l:\r\n- a\r\n- b\r\n", "/l/1"), "l:\r\n- a\r\n");
  EXPECT_EQ(removed("l: [\n  a, # one\n  b, # two\n]\n", "/l/1"), "l: [\n  a, # one\n   # two\n]\n");
}

TEST(Edit, KeepsTheLayoutOfJson) {
  const std::string pretty = "{\n    \"a\": {\n        \"b\": [1, 2]\n    }\n}\n";
  EXPECT_EQ(edited(pretty, "[{op: add, path: /a/c, value: {d: [x]}}]", Syntax::kJson),
            "{\n    \"a\": {\n        \"b\": [1, 2],\n        \"c\": {\n            \"d\": [\n                \"x\"\n"
            "            ]\n        }\n    }\n}\n");
  EXPECT_EQ(edited(R"({"a":{"b":1,"c":2},"l":[]})",
                   "[{op: remove, path: /a/b}, {op: add, path: /l/-, value: x}, {op: add, path: /n, value: {k: null}}]",
                   Syntax::kJson),
            R"({"a":{"c":2},"l":["x"],"n":{"k":null}})");
}

TEST(Edit, AnAnchorIsEditedOnceWhenAllItsPlacesChangeAlike) {
  const std::string text = "a: &x {k: 1}\nb: *x\nc: 1\n";
  EXPECT_EQ(edited(text, "[{op: add, path: /a/l, value: 2}, {op: add, path: /b/l, value: 2}]"),
            "a: &x {k: 1, l: 2}\nb: *x\nc: 1\n");
  EXPECT_TRUE(added(text, "/a/l", "2").starts_with("refused: "));
  EXPECT_TRUE(added(text, "/b/l", "2").starts_with("refused: an anchor shares"));
  EXPECT_EQ(added(text, "/c", "2"), "a: &x {k: 1}\nb: *x\nc: 2\n");
  EXPECT_EQ(added("a: &x\n  k: 1\nb:\n  <<: *x\n", "/b/l", "2"), "a: &x\n  k: 1\nb:\n  <<: *x\n  l: 2\n");
  EXPECT_TRUE(removed("a: &x\n  k: 1\nb:\n  <<: *x\n  m: 1\n", "/b/k").starts_with("refused: an anchor shares"));
}

TEST(Edit, ChangesOneDocumentOfAStream) {
  EXPECT_EQ(added("# head\n---\na: 1\n---\na: 1\n...\n", "/a", "2"), "# head\n---\na: 2\n---\na: 1\n...\n");
  EXPECT_EQ(added("\xEF\xBB\xBF"
                  "a: 1\n",
                  "/b", "2"),
            "\xEF\xBB\xBF"
            "a: 1\nb: 2\n");
}

// Trees and texts by chance. The text of a tree is written in all the ways that the generator knows.
class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool one_in(unsigned n) { return below(n) == 0; }

  Node value(base::Arena& arena, int depth) {
    Builder build(arena);
    switch (below(depth > 3 ? 6 : 10)) {
      case 0: return build.integer(below(100));
      case 1: return build.boolean(one_in(2));
      case 2: return one_in(3) ? build.null() : build.number(1.5);
      case 3:
      case 4:
      case 5: return build.string(word());
      case 6:
      case 7: {
        std::vector<Node> items;
        for (unsigned n = below(5); n > 0; --n) items.push_back(value(arena, depth + 1));
        return build.list(items);
      }
      default: {
        std::vector<std::pair<std::string_view, Node>> members;
        static constexpr std::string_view kKeys[] = {"a", "name", "x/y", "true", "k~", "é", "with space", "12"};
        for (std::string_view key : kKeys) {
          if (one_in(2)) members.emplace_back(key, value(arena, depth + 1));
        }
        return build.map(members);
      }
    }
  }

  std::string word() {
    static constexpr std::string_view kWords[] = {"web",  "a b",    "yes",    "12",  "",      "x: y",   "#no",
                                                  "it's", "\"q\"",  "a,b",    "-",   "- a",   "[x]",    "{{ t }}",
                                                  "é ü",  "l1\nl2", "l1\n\n", "\t",  " lead", "trail ", "*a",
                                                  "&b",   "!c",     "null",   "1e3", "0x1F",  "~",      "a\\b"};
    return std::string(kWords[below(std::size(kWords))]);
  }

  std::string comment() { return one_in(4) ? " # c" + std::to_string(below(1000)) : ""; }
  std::string end() { return comment() + line_end; }
  std::string comment_line(size_t indent) {
    if (one_in(8)) return line_end;
    return one_in(8) ? std::string(indent, ' ') + "# line" + line_end : "";
  }
  std::string key(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    bool plain = text == "a" || text == "name" || text == "x/y" || text == "é";
    if (plain && !one_in(5)) return std::string(text);
    return one_in(3) && text.find('\'') == std::string_view::npos ? "'" + std::string(text) + "'" : out;
  }
  std::string scalar(const Node& node, bool flow) {
    std::string out = to_json(node);
    if (node.is_null()) return one_in(2) ? "null" : "~";
    if (!node.is_string()) return out;
    std::string text(node.str());
    bool single = text.find_first_of("\n\t") == std::string::npos;
    if (text == "web" || (text == "a b") || (text == "é ü" && !flow)) {
      if (one_in(2)) return text;
    }
    if (single && one_in(2)) {
      std::string quoted;
      for (char c : text) quoted.append(c == '\'' ? 2 : 1, c);
      return "'" + quoted + "'";
    }
    return out;
  }
  std::string flow(const Node& node, const std::string& break_and_indent) {
    if (!node.is_list() && !node.is_map()) return scalar(node, true);
    bool lines = !break_and_indent.empty() && one_in(3);
    std::string gap = lines ? break_and_indent : one_in(4) ? "" : " ";
    std::string out(1, node.is_map() ? '{' : '[');
    if (lines) out += gap;
    for (uint32_t i = 0; i < node.size; ++i) {
      if (i > 0) out += "," + (gap.empty() ? std::string(" ") : gap);
      if (node.is_map()) out += key(node.members[i].key->view()) + ": ";
      out += flow(node.is_map() ? node.members[i].value : node.items[i], break_and_indent);
    }
    if (node.size > 0 && one_in(8)) out += ",";
    return out + (node.is_map() ? '}' : ']');
  }
  // What follows "key:" or "-", with its line end.
  std::string block(const Node& node, size_t indent, bool in_list) {
    bool filled = (node.is_list() || node.is_map()) && node.size > 0;
    if (node.is_null() && one_in(2)) return end();
    if (!filled || one_in(6)) return " " + flow(node, line_end + std::string(indent + 3, ' ')) + end();
    if (node.is_string()) return " " + scalar(node, false) + end();
    size_t inner = in_list ? indent + 2 : indent + (node.is_list() && one_in(2) ? 0 : 1 + below(4));
    std::string out = in_list && !one_in(6) ? " " : end() + std::string(inner, ' ');
    bool first = true;
    for (uint32_t i = 0; i < node.size; ++i) {
      if (!first) out += comment_line(inner) + std::string(inner, ' ');
      first = false;
      if (node.is_map()) {
        out += key(node.members[i].key->view()) + ":";
        const Node& child = node.members[i].value;
        out += literal_fits(child) && one_in(2) ? literal(child, inner) : block(child, inner, false);
      } else {
        const Node& child = node.items[i];
        out += "-" + (literal_fits(child) && one_in(2) ? literal(child, inner) : block(child, inner, true));
      }
    }
    return out;
  }
  static bool literal_fits(const Node& node) {
    return node.is_string() && (node.str() == "l1\nl2" || node.str() == "l1\n\n");
  }
  std::string literal(const Node& node, size_t indent) {
    std::string in(indent + 2, ' ');
    if (node.str() == "l1\nl2") return " |-" + end() + in + "l1" + line_end + in + "l2" + line_end;
    return " |+" + end() + in + "l1" + line_end + line_end;
  }
  std::string text(const Node& root) {
    std::string out = one_in(3) ? "# head" + line_end : "";
    if (one_in(3)) out += "---" + line_end;
    bool filled = (root.is_list() || root.is_map()) && root.size > 0;
    if (!filled) return out + flow(root, "") + line_end;
    // The root has no key: it is written as the value of one, from column 0.
    for (uint32_t i = 0; i < root.size; ++i) {
      out += comment_line(0);
      if (root.is_map()) {
        const Node& child = root.members[i].value;
        out += key(root.members[i].key->view()) + ":" + block(child, 0, false);
      } else {
        out += "-" + block(root.items[i], 0, true);
      }
    }
    while (one_in(4) && out.ends_with(line_end)) out.resize(out.size() - line_end.size());
    return out;
  }

  // One operation that can be applied to `root`.
  Node operation(const Node& root, base::Arena& arena) {
    Builder build(arena);
    std::string path;
    const Node* at = &root;
    while ((at->is_map() || at->is_list()) && at->size > 0 && !(!path.empty() && one_in(3))) {
      uint32_t i = below(at->size);
      path += "/" + (at->is_map() ? escape_pointer_token(at->members[i].key->view()) : std::to_string(i));
      at = at->is_map() ? &at->members[i].value : &at->items[i];
    }
    std::vector<std::pair<std::string_view, Node>> members;
    bool in_place = path.empty() || one_in(3);
    if (!in_place && one_in(2)) {
      members = {{"op", build.string("remove")}, {"path", build.string(path)}};
    } else if (at->is_map() && !one_in(3)) {
      members = {{"op", build.string("add")},
                 {"path", build.string(path + "/new" + std::to_string(below(9)))},
                 {"value", value(arena, 2)}};
    } else if (at->is_list() && !one_in(3)) {
      std::string index = one_in(2) ? "-" : std::to_string(below(at->size + 1));
      members = {{"op", build.string("add")}, {"path", build.string(path + "/" + index)}, {"value", value(arena, 2)}};
    } else {
      members = {{"op", build.string("replace")}, {"path", build.string(path)}, {"value", value(arena, 2)}};
    }
    return build.map(members);
  }

  std::string line_end = "\n";

 private:
  std::mt19937 random_;
};

// The text between edits is the text of the source.
void expect_untouched_elsewhere(std::string_view before, const EditedText& after) {
  std::string rebuilt;
  uint32_t done = 0;
  for (const TextEdit& e : after.edits) {
    ASSERT_LE(done, e.begin);
    rebuilt.append(before, done, e.begin - done).append(e.text);
    done = e.end;
  }
  rebuilt.append(before, done);
  EXPECT_EQ(rebuilt, after.text);
}

void expect_edits_hold(unsigned seed, Syntax syntax, int rounds, double refused_max) {
  Chance chance(seed);
  int tried = 0, refused = 0;
  for (int round = 0; round < rounds; ++round) {
    base::Arena arena;
    chance.line_end = chance.one_in(4) ? "\r\n" : "\n";
    Node tree = chance.value(arena, 0);
    if (!tree.is_map() && !tree.is_list()) continue;
    std::string text = syntax == Syntax::kYaml ? chance.text(tree)
                       : chance.one_in(2)      ? to_json(tree)
                                               : to_pretty_json(tree);
    Text before = read(text, syntax);
    ASSERT_EQ(before.documents.size(), 1u) << text;
    const Node& root = before.documents[0]->root();
    // A final line break that was cut off may have been a scalar's: the text is what counts.
    Node target = root;
    std::string patches;
    for (unsigned n = 1 + chance.below(3); n > 0; --n) {
      Builder build(arena);
      Node operation = chance.operation(target, arena);
      auto next = apply_json_patch(target, build.list({operation}), arena);
      ASSERT_TRUE(next.has_value()) << next.error().text();
      target = *next;
      patches += to_json(operation) + "\n";
    }
    Change change{before.documents[0], target};
    auto result = edit(before.source, syntax, {&change, 1});
    ++tried;
    std::string told =
        "seed " + std::to_string(seed) + " round " + std::to_string(round) + "\n" + text + "\n" + patches;
    if (!result) {
      EXPECT_EQ(result.error().code, base::Code::kUnsupported);
      ++refused;
      continue;
    }
    expect_untouched_elsewhere(text, *result);
    Text after = read(result->text, syntax);
    bool empty = target.is_null() && after.documents.empty();
    ASSERT_TRUE(empty || (after.documents.size() == 1 && equal(after.documents[0]->root(), target)))
        << told << result->text;
    if (empty) continue;
    Change again{after.documents[0], target};
    auto second = edit(after.source, syntax, {&again, 1});
    ASSERT_TRUE(second.has_value()) << told;
    EXPECT_TRUE(second->edits.empty()) << told;
  }
  EXPECT_GT(tried, rounds / 4);
  EXPECT_LE(refused, tried * refused_max) << refused << " of " << tried << " refused";
}

TEST(Edit, AnyPatchOfAnyYamlReadsAsThePatchedTree) {
  for (unsigned seed = 1; seed <= 6; ++seed) expect_edits_hold(seed, Syntax::kYaml, 3000, 0.001);
}

TEST(Edit, AnyPatchOfAnyJsonReadsAsThePatchedTree) {
  for (unsigned seed = 1; seed <= 2; ++seed) expect_edits_hold(seed, Syntax::kJson, 3000, 0);
}

}  // namespace
}  // namespace ameia::doc
