#include "suite.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "doc/json.h"
#include "doc/yaml.h"

namespace ameia::conformance {
namespace {

base::Result<std::shared_ptr<const doc::Source>> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return base::fail(base::Code::kUnavailable, "cannot be read", path);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return std::make_shared<const doc::Source>(path, std::move(bytes).str());
}

}  // namespace

void SuiteResult::fail(std::string name, std::string_view why) {
  ++failed;
  failures.push_back(std::move(name) + ": " + std::string(why));
}

void SuiteResult::skip(std::string name, std::string reason) {
  ++skipped;
  skips.emplace_back(std::move(name), std::move(reason));
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

std::vector<std::string> list_folder(const std::string& path) {
  std::vector<std::string> names;
  std::error_code ec;
  for (std::filesystem::directory_iterator it(path, ec), last; !ec && it != last; it.increment(ec)) {
    names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<std::shared_ptr<doc::Document>> read_json(const std::string& path) {
  return doc::parse_json(TRY(read_file(path)), std::make_shared<doc::Keys>());
}

base::Result<std::shared_ptr<doc::Document>> read_yaml(const std::string& path) {
  doc::YamlStream stream = doc::parse_yaml(TRY(read_file(path)), std::make_shared<doc::Keys>());
  if (!stream.errors.empty()) return std::unexpected(stream.errors[0]);
  if (stream.documents.empty()) return base::fail(base::Code::kInvalidInput, "holds no document", path);
  return stream.documents[0];
}

base::Result<std::shared_ptr<doc::Document>> parse_yaml_text(std::string text, std::string name) {
  auto source = std::make_shared<const doc::Source>(std::move(name), std::move(text));
  doc::YamlStream stream = doc::parse_yaml(std::move(source), std::make_shared<doc::Keys>());
  if (!stream.errors.empty()) return std::unexpected(stream.errors[0]);
  if (stream.documents.empty()) return base::fail(base::Code::kInvalidInput, "holds no document");
  return stream.documents[0];
}

}  // namespace ameia::conformance
