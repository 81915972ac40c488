// CSV (RFC 4180): a header, then a row a finding. Manifests are written by strangers, so a cell that a spreadsheet
// would take for a formula gets an apostrophe before it, as OWASP's "CSV Injection" asks.
#include "report/print.h"
#include "report/text.h"

namespace ameia::report {
namespace {

// Whether a spreadsheet might calculate it. Blanks before the sign do not stop all of them, nor do the wide signs of
// East Asian keyboards (U+FF0B, U+FF0D, U+FF1D, U+FF20).
bool looks_like_formula(std::string_view text) {
  size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  text.remove_prefix(first);
  if (std::string_view("=+-@").find(text[0]) != std::string_view::npos) return true;
  constexpr std::string_view kWide[] = {"\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\x9D", "\xEF\xBC\xA0"};
  for (std::string_view sign : kWide) {
    if (text.starts_with(sign)) return true;
  }
  return false;
}

std::string cell(std::string_view text) {
  std::string plain = clean(text);
  if (looks_like_formula(plain)) plain.insert(0, 1, '\'');
  if (plain.find_first_of(",\"") == std::string::npos &&
      (plain.empty() || (plain.front() != ' ' && plain.back() != ' ')))
    return plain;
  std::string out = "\"";
  for (char c : plain) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

std::string number(uint32_t n) {
  return n == 0 ? std::string() : std::to_string(n);
}

}  // namespace

void print_csv(const Report& report, const Sink& sink) {
  Chunks out(sink);
  out << "id,severity,status,title,namespace,kind,name,file,line,column,pointer,message,value,remediation,tags,"
         "fingerprint,suppressed_by\r\n";
  for (const Finding& f : report.findings) {
    TextsView texts = texts_of(report, f);
    std::string tags;
    for (const std::string& tag : *texts.tags) tags.append(tags.empty() ? "" : " ").append(tag);
    bool first = true;
    for (std::string_view text : {std::string_view(f.id), to_string(f.severity), to_string(f.status), texts.title,
                                  std::string_view(f.resource.ns), std::string_view(f.resource.kind),
                                  std::string_view(f.resource.name), std::string_view(f.location.file)}) {
      out << (first ? "" : ",") << cell(text);
      first = false;
    }
    out << "," << number(f.location.line) << "," << number(f.location.column);
    for (std::string_view text : {std::string_view(f.location.pointer), std::string_view(f.message),
                                  std::string_view(f.value), texts.remediation, std::string_view(tags),
                                  std::string_view(f.fingerprint), std::string_view(f.suppressed_by)})
      out << "," << cell(text);
    out << "\r\n";
  }
}

}  // namespace ameia::report
