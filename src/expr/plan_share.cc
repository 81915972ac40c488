#include <algorithm>

#include "expr/internal/planner.h"

namespace ameia::expr::internal {
namespace {

// In nodes' worth of work; below this, remembering costs about what evaluating does.
constexpr uint32_t kWeightMin = 14;
constexpr uint32_t kWeightMax = 1'000'000;

uint64_t mix(uint64_t a, uint64_t b) {
  a ^= b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2);
  a *= 0xff51afd7ed558ccdULL;
  return a ^ (a >> 32);
}
uint64_t hash_text(std::string_view text) {
  return mix(doc::key_hash(text), text.size());
}

bool same_literal(const Literal& a, const Literal& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Literal::Kind::kNull: return true;
    case Literal::Kind::kBool: return a.boolean == b.boolean;
    case Literal::Kind::kString:
    case Literal::Kind::kBytes: return a.text == b.text;
    default: return a.unsigned_integer == b.unsigned_integer;  // the same bits
  }
}

}  // namespace

Sharing::Sharing(const ProgramSet::Impl& set) : set_(set) {
  for (program_ = 0; program_ < set.programs.size(); ++program_) {
    scope_.clear();
    look(set.programs[program_].checked.ast->root);
  }
}

ShareGroup* Sharing::group_of(const Expr* expr) const {
  auto it = by_expr_.find(expr);
  return it == by_expr_.end() ? nullptr : it->second;
}

Sharing::Facts Sharing::look(const Expr* expr) {
  const Reference& reference = set_.programs[program_].checked.references[expr->id];
  Facts facts;
  facts.hash = mix(static_cast<uint64_t>(expr->kind), hash_text(expr->name));
  facts.hash = mix(facts.hash, (expr->test_only ? 1 : 0) + (expr->receiver ? 2 : 0) + (expr->leading_dot ? 4 : 0));
  auto take = [&](const Expr* child) {
    Facts f = look(child);
    facts.hash = mix(facts.hash, f.hash);
    facts.weight = std::min(kWeightMax, facts.weight + f.weight);
    facts.lowest_local = std::min(facts.lowest_local, f.lowest_local);
    facts.reads_composites = facts.reads_composites || f.reads_composites;
    facts.varies = facts.varies || f.varies;
  };
  facts.weight = 1;
  switch (expr->kind) {
    case ExprKind::kLiteral:
      facts.weight = 0;
      facts.hash = mix(facts.hash, mix(static_cast<uint64_t>(expr->literal.kind), hash_text(expr->literal.text)));
      if (expr->literal.kind != Literal::Kind::kNull && expr->literal.kind != Literal::Kind::kString &&
          expr->literal.kind != Literal::Kind::kBytes) {
        facts.hash = mix(facts.hash, expr->literal.kind == Literal::Kind::kBool ? uint64_t{expr->literal.boolean}
                                                                                : expr->literal.unsigned_integer);
      }
      break;
    case ExprKind::kSelect:
      if (!reference.variable.empty() || reference.type_value != nullptr) break;
      take(expr->operand);
      break;
    case ExprKind::kIdent: {
      std::string_view name = reference.variable.empty() ? expr->name : reference.variable;
      if (!expr->leading_dot) {
        for (size_t i = scope_.size(); i-- > 0;) {
          if (scope_[i] == name) {
            facts.lowest_local = static_cast<uint32_t>(i);
            break;
          }
        }
      }
      if (facts.lowest_local == UINT32_MAX && set_.is_composite(name)) {
        facts.reads_composites = true;
        facts.hash = mix(facts.hash, set_.programs[program_].scope);
      }
      break;
    }
    case ExprKind::kCall: {
      bool is_operator =
          expr->name.starts_with('_') || expr->name.starts_with('@') || expr->name == "!_" || expr->name == "-_";
      facts.weight = is_operator ? 1 : expr->name == "matches" || expr->name.starts_with("find") ? 20 : 4;
      for (const Expr* arg : expr->args) take(arg);
      for (const Overload* overload : reference.overloads)
        facts.varies = facts.varies || overload->answer == Answer::kOfCall;
      break;
    }
    case ExprKind::kList:
      facts.weight = 3;
      for (const Expr* arg : expr->args) take(arg);
      for (uint32_t i : expr->optional_args) facts.hash = mix(facts.hash, i);
      break;
    case ExprKind::kMap:
    case ExprKind::kStruct:
      facts.weight = 4;
      for (const MapEntry& entry : expr->entries) {
        facts.hash = mix(facts.hash, hash_text(entry.field) + (entry.optional ? 1 : 0));
        if (entry.key != nullptr) take(entry.key);
        take(entry.value);
      }
      break;
    case ExprKind::kComprehension: {
      const Comprehension& c = *expr->loop;
      facts.hash = mix(facts.hash, mix(hash_text(c.iter_var), mix(hash_text(c.iter_var2), hash_text(c.accu_var))));
      take(c.iter_range);
      take(c.accu_init);
      uint32_t outside = facts.lowest_local;
      uint32_t before = facts.weight;
      facts.lowest_local = UINT32_MAX;
      size_t depth = scope_.size();
      scope_.push_back(c.accu_var);
      scope_.push_back(c.iter_var);
      if (!c.iter_var2.empty()) scope_.push_back(c.iter_var2);
      take(c.loop_condition);
      take(c.loop_step);
      scope_.resize(depth + 1);
      take(c.result);
      scope_.resize(depth);
      // A loop is worth several of its turns; variables that it binds itself are not outside.
      facts.weight = std::min(kWeightMax, before + 4 * (facts.weight - before));
      if (facts.lowest_local >= depth) facts.lowest_local = UINT32_MAX;
      facts.lowest_local = std::min(facts.lowest_local, outside);
      break;
    }
  }
  if (facts.lowest_local == UINT32_MAX && facts.weight >= kWeightMin && !facts.varies) {
    auto [first, last] = by_hash_.equal_range(facts.hash);
    ShareGroup* group = nullptr;
    for (auto it = first; it != last && group == nullptr; ++it) {
      if (same(it->second->expr, it->second->program, expr, program_)) group = it->second;
    }
    if (group == nullptr) {
      groups_.push_back(std::make_unique<ShareGroup>(ShareGroup{expr, program_, 0, facts.reads_composites, nullptr}));
      group = groups_.back().get();
      by_hash_.emplace(facts.hash, group);
    }
    ++group->count;
    by_expr_.emplace(expr, group);
  }
  return facts;
}

bool Sharing::same_all(std::span<Expr* const> a, ProgramId program_a, std::span<Expr* const> b,
                       ProgramId program_b) const {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], program_a, b[i], program_b)) return false;
  }
  return true;
}

bool Sharing::same(const Expr* a, ProgramId program_a, const Expr* b, ProgramId program_b) const {
  if (a->kind != b->kind || a->name != b->name || a->test_only != b->test_only || a->receiver != b->receiver ||
      a->leading_dot != b->leading_dot) {
    return false;
  }
  const Reference& ra = set_.programs[program_a].checked.references[a->id];
  const Reference& rb = set_.programs[program_b].checked.references[b->id];
  if (ra.variable != rb.variable || (ra.type_value == nullptr) != (rb.type_value == nullptr) ||
      ra.overloads != rb.overloads)
    return false;
  switch (a->kind) {
    case ExprKind::kLiteral: return same_literal(a->literal, b->literal);
    case ExprKind::kIdent:
      return !set_.is_composite(ra.variable.empty() ? a->name : ra.variable) ||
             set_.programs[program_a].scope == set_.programs[program_b].scope;
    case ExprKind::kSelect:
      if (!ra.variable.empty() || ra.type_value != nullptr) return true;
      return same(a->operand, program_a, b->operand, program_b);
    case ExprKind::kCall: return same_all(a->args, program_a, b->args, program_b);
    case ExprKind::kList:
      return same_all(a->args, program_a, b->args, program_b) &&
             std::equal(a->optional_args.begin(), a->optional_args.end(), b->optional_args.begin(),
                        b->optional_args.end());
    case ExprKind::kMap:
    case ExprKind::kStruct: {
      if (a->entries.size() != b->entries.size()) return false;
      for (size_t i = 0; i < a->entries.size(); ++i) {
        const MapEntry &ea = a->entries[i], &eb = b->entries[i];
        if (ea.field != eb.field || ea.optional != eb.optional || (ea.key == nullptr) != (eb.key == nullptr))
          return false;
        if (ea.key != nullptr && !same(ea.key, program_a, eb.key, program_b)) return false;
        if (!same(ea.value, program_a, eb.value, program_b)) return false;
      }
      return true;
    }
    case ExprKind::kComprehension: {
      const Comprehension &ca = *a->loop, &cb = *b->loop;
      return ca.iter_var == cb.iter_var && ca.iter_var2 == cb.iter_var2 && ca.accu_var == cb.accu_var &&
             same(ca.iter_range, program_a, cb.iter_range, program_b) &&
             same(ca.accu_init, program_a, cb.accu_init, program_b) &&
             same(ca.loop_condition, program_a, cb.loop_condition, program_b) &&
             same(ca.loop_step, program_a, cb.loop_step, program_b) && same(ca.result, program_a, cb.result, program_b);
    }
  }
  return false;
}

}  // namespace ameia::expr::internal
