#include "policy/diagnostics.h"

#include <algorithm>
#include <tuple>

#include "policy/limits.h"
#include "policy/yaml_position.h"

namespace ameia::policy {

void Diagnostics::add(Diagnostic::Level level, const Subject& subject, uint32_t offset, std::string field,
                      std::string message) {
  (level == Diagnostic::Level::kError ? errors_ : warnings_) += 1;
  if (list_.size() >= kDiagnosticsMax) return;
  const doc::Source& source = subject.document->source();
  doc::Position position = source.position(offset);
  Diagnostic diagnostic;
  diagnostic.level = level;
  diagnostic.file = source.name();
  diagnostic.line = position.line;
  diagnostic.column = position.column;
  diagnostic.object = subject.name;
  diagnostic.field = std::move(field);
  diagnostic.message = std::move(message);
  diagnostic.snippet = source.snippet(offset);
  list_.push_back(std::move(diagnostic));
}

void Diagnostics::error(const Subject& subject, const doc::Node& node, std::string field, std::string message) {
  add(Diagnostic::Level::kError, subject, node.begin, std::move(field), std::move(message));
}

void Diagnostics::warning(const Subject& subject, const doc::Node& node, std::string field, std::string message) {
  add(Diagnostic::Level::kWarning, subject, node.begin, std::move(field), std::move(message));
}

void Diagnostics::expression(const Subject& subject, const doc::Node& node, const std::string& field,
                             const expr::Issue& issue, Diagnostic::Level level) {
  uint32_t offset = source_offset(subject.document->source().bytes(), node, issue.offset);
  add(level, subject, offset, field, issue.message);
}

void Diagnostics::finish(LoadResult& result) {
  auto place = [](const Diagnostic& d) { return std::tie(d.file, d.line, d.column); };
  std::stable_sort(list_.begin(), list_.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
  result.diagnostics = std::move(list_);
  result.errors = errors_;
  result.warnings = warnings_;
}

std::string to_string(const Diagnostic& d) {
  std::string out = d.file + ":" + std::to_string(d.line) + ":" + std::to_string(d.column) + ": ";
  out += d.level == Diagnostic::Level::kError ? "error: " : "warning: ";
  if (!d.object.empty()) out += d.object + ": ";
  if (!d.field.empty()) out += d.field + ": ";
  out += d.message;
  if (!d.snippet.empty()) out += "\n" + d.snippet;
  return out;
}

}  // namespace ameia::policy
