#include "app/json_text.h"

#include "doc/json.h"
#include "report/text.h"

namespace ameia::app {

std::string quoted(std::string_view text) {
  std::string out;
  doc::append_json_string(out, text);
  return out;
}

std::string quoted_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? "," : "") + quoted(text);
  return out + "]";
}

std::string name_of(const kube::ObjectView& object) {
  return report::resource_name({std::string(object.api_version()),
                                std::string(object.kind()),
                                std::string(object.ns()),
                                std::string(object.name().empty() ? object.generate_name() : object.name()),
                                {}});
}

}  // namespace ameia::app
