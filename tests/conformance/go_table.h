// GoTable: a decoder of test tables of Go sources, stored as JSON trees (the encoding of suites/README.md).
//   {"f":{…}} struct   {"l":[…],"type":T} slice   {"kv":[{"k","v"}],"type":T} map   {"lit":"1"} number
//   {"op","x","y"} operation   {"id":"x"} identifier   {"call":F,"args":[…]} call   {"src":"…"} Go source text
// The result is a document: a struct becomes a map whose fields carry their Kubernetes JSON names.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "doc/build.h"
#include "doc/document.h"

namespace ameia::conformance {

// Threads: none. Owns: the nodes it makes, as long as it lives. Fails: kNotFound names the identifier or call that the
// source defines elsewhere and nobody defined here.
class GoTable {
 public:
  using Args = std::vector<doc::Node>;
  using Function = std::function<base::Result<doc::Node>(GoTable&, const Args&)>;

  GoTable();
  // The identifiers and functions of one source file, beyond what Go and the Kubernetes API define.
  void define(std::string_view name, const doc::Node& value);
  void define(std::string_view name, std::string_view value);
  void define_function(std::string_view name, Function function);

  base::Result<doc::Node> value(const doc::Node& encoded);
  // Go source text of a constant expression: literals, + and *, calls, identifiers, []string{…}.
  base::Result<doc::Node> parse(std::string_view source);
  // A Go function of assignments and a return; its parameters are identifiers that were defined.
  base::Result<doc::Node> run(std::string_view function);
  doc::Builder& make() { return builder_; }
  // A document whose nodes were given out lives as long as the table.
  void keep(std::shared_ptr<const doc::Document> document) { kept_.push_back(std::move(document)); }
  base::Arena& arena() { return arena_; }

 private:
  base::Result<doc::Node> identifier(std::string_view name);
  base::Result<doc::Node> call(std::string_view name, const Args& args);
  base::Result<doc::Node> operation(std::string_view op, const doc::Node& x, const doc::Node* y);
  base::Result<doc::Node> record(const doc::Node& fields);
  doc::Node plain_values(const doc::Node& list);
  friend class GoExpression;

  base::Arena arena_;
  doc::Builder builder_{arena_};
  std::vector<std::shared_ptr<const doc::Document>> kept_;
  std::map<std::string, doc::Node, std::less<>> values_;
  std::map<std::string, Function, std::less<>> functions_;
};

// fmt.Sprintf for %d %s %v %f %g %q.
base::Result<std::string> go_sprintf(std::string_view format, std::span<const doc::Node> args);
// "GCEPersistentDisk" → "gcePersistentDisk": how Kubernetes names a Go field in JSON.
std::string json_field_name(std::string_view go_name);

}  // namespace ameia::conformance
