#include "policy/asked.h"

#include "kube/object.h"

namespace ameia::policy {
namespace {

bool is_text(const expr::Expr* e) {
  return e->kind == expr::ExprKind::kLiteral && e->literal.kind == expr::Literal::Kind::kString;
}

bool is_question(std::string_view function) {
  return function == "List" || function == "Get" || function == "list" || function == "get";
}

ResourceName name_of(std::string_view api_version, std::string_view plural) {
  return {std::string(kube::split_api_version(api_version).group), std::string(plural)};
}

}  // namespace

void Asked::collect(const expr::Expr* root) {
  expr::for_each(root, [&](const expr::Expr& e) {
    if (e.kind == expr::ExprKind::kSelect) fields.emplace(e.name);
    if (is_text(&e)) fields.emplace(e.literal.text);
    if (e.kind != expr::ExprKind::kCall || !e.receiver || !is_question(e.name) || e.args.size() < 2) return;
    if (e.args[0]->kind != expr::ExprKind::kIdent || e.args[0]->name != "resource") return;
    if (e.args.size() >= 3 && is_text(e.args[1]) && is_text(e.args[2])) {
      resources.insert(name_of(e.args[1]->literal.text, e.args[2]->literal.text));
    } else {
      computed = true;
    }
  });
}

void Asked::add(const Asked& other) {
  resources.insert(other.resources.begin(), other.resources.end());
  fields.insert(other.fields.begin(), other.fields.end());
  computed = computed || other.computed;
}

ResourceName parse_resource_name(std::string_view text) {
  const size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return name_of({}, text);
  return name_of(text.substr(0, slash), text.substr(slash + 1));
}

}  // namespace ameia::policy
