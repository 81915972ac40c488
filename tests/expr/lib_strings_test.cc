#include <gtest/gtest.h>

#include "expr/lib_table.h"

namespace ameia::expr::test {
namespace {

Value num(int64_t i) {
  return Value::of_int(i);
}

TEST(Strings, PositionsAreCodePoints) {
  Table t(strings_library(4));
  EXPECT_EQ(text_of(t.call("string_char_at_int", {t.text("©αT"), num(1)})), "α");
  EXPECT_EQ(text_of(t.call("string_char_at_int", {t.text("©αT"), num(3)})), "");
  EXPECT_EQ(text_of(t.call("string_char_at_int", {t.text("©αT"), num(4)})), "error: index out of range: 4");
  EXPECT_EQ(text_of(t.call("string_index_of_string_int", {t.text("ta©o©αT"), t.text("©"), num(3)})), "4");
  EXPECT_EQ(text_of(t.call("string_last_index_of_string_int", {t.text("bananananana"), t.text("nana"), num(7)})), "6");
  EXPECT_EQ(text_of(t.call("string_substring_int_int", {t.text("ta©o©αT"), num(2), num(6)})), "©o©α");
  EXPECT_EQ(text_of(t.call("string_substring_int_int", {t.text("tacocat"), num(4), num(3)})),
            "error: invalid substring range. start: 4, end: 3");
  EXPECT_EQ(text_of(t.call("string_reverse", {t.text("Ta©oCαt")})), "tαCo©aT");
}

TEST(Strings, AnOffsetBehindTheTextFindsNothingUntilVersion4) {
  Table old(strings_library(2)), all(strings_library(4));
  EXPECT_EQ(text_of(old.call("string_index_of_string_int", {old.text("tacocat"), old.text("a"), num(30)})), "-1");
  EXPECT_EQ(text_of(all.call("string_index_of_string_int", {all.text("tacocat"), all.text("a"), num(30)})),
            "error: index out of range: 30");
}

TEST(Strings, ReplaceAndSplitAreGos) {
  Table t(strings_library(4));
  EXPECT_EQ(text_of(t.call("string_replace_string_string", {t.text("aé"), t.text(""), t.text("-")})), "-a-é-");
  EXPECT_EQ(text_of(t.call("string_replace_string_string_int", {t.text("xxx"), t.text("x"), t.text("yy"), num(2)})),
            "yyyyx");
  EXPECT_EQ(text_of(t.call("string_split_string", {t.text(""), t.text(",")})), "[]");
  EXPECT_EQ(list_size(t.call("string_split_string", {t.text(""), t.text(",")})), 1u);
  EXPECT_EQ(text_of(t.call("string_split_string_int", {t.text("añb"), t.text(""), num(2)})), "[a|ñb]");
  EXPECT_EQ(text_of(t.call("string_split_string_int", {t.text("a,b,c"), t.text(","), num(2)})), "[a|b,c]");
  EXPECT_EQ(text_of(t.call("string_trim", {t.text("\u00a0\u3000 a b\u2028")})), "a b");
}

TEST(Strings, FormatBeforeVersion4IsEnglish) {
  Table t(strings_library(2));
  const auto format = [&](std::string_view form, const Value& v) {
    return text_of(t.call("string_format", {t.text(form), t.list({v})}));
  };
  EXPECT_EQ(format("%.3f", Value::of_double(1234567.5)), "1,234,567.500");
  EXPECT_EQ(format("%e", Value::of_double(1052.032911275)), "1.052033×10⁰³");
  EXPECT_EQ(format("%.25e", Value::of_double(0.1)), "           1.000000×10⁻⁰¹");
  EXPECT_EQ(format("%e", t.text("-Infinity")), "    -∞");
  EXPECT_EQ(
      format("%s", t.list({Value::of_double(1.5), t.text("a\n"), Value::null(), Value::of_duration(3600'000'000'000)})),
      "[1.500000, \"a\\n\", null, duration(\"3600s\")]");
  EXPECT_EQ(format("%s", t.map({{num(2), t.text("b")}, {t.text("a"), num(1)}})), "{\"a\":1, 2:\"b\"}");
  EXPECT_EQ(format("%d", Value::of_double(1)),
            "error: error during formatting: decimal clause can only be used on integers, was given double");
  EXPECT_EQ(format("%.f", Value::of_double(1)),
            "error: could not parse formatting clause: error while parsing precision: error while converting precision "
            "to integer: "
            "strconv.Atoi: parsing \"\": invalid syntax");
}

TEST(Strings, FormatFromVersion4HasNoLocale) {
  Table t(strings_library(4));
  const auto format = [&](std::string_view form, const Value& v) {
    return text_of(t.call("string_format", {t.text(form), t.list({v})}));
  };
  EXPECT_EQ(format("%.3f", Value::of_double(1234567.5)), "1234567.500");
  EXPECT_EQ(format("%x", num(-255)), "-ff");
  EXPECT_EQ(format("%d%%", num(7)), "7%");
  EXPECT_EQ(format("%s", t.list({Value::of_double(1.5), t.text("a"), Value::null()})), "[1.5, a, null]");
  EXPECT_EQ(text_of(t.call("string_format", {t.text("%d %d"), t.list({num(0)})})), "error: index 1 out of range");
  EXPECT_EQ(format("%.1001f", Value::of_double(1)).substr(0, 70),
            "error: could not parse formatting clause: error while parsing precisio");
}

TEST(Strings, CostsAreKubernetes) {
  Table t(strings_library(2));
  const Value eleven = t.text("hello world");
  t.call("string_index_of_string", {eleven, t.text("w")});
  EXPECT_EQ(t.cost(), 1u);
  t.call("string_lower_ascii", {eleven});
  EXPECT_EQ(t.cost(), 2u);
  t.call("string_split_string", {eleven, t.text(" ")});
  EXPECT_EQ(t.cost(), 3u);
}

TEST(Lists, SortSliceDistinct) {
  Table t(lists_library(3));
  const Value list = t.list({num(3), num(1), num(3), num(2)});
  EXPECT_EQ(text_of(t.call("list_int_sort", {list})), "[1|2|3|3]");
  EXPECT_EQ(t.cost(), 16 * 2 + 11u);
  EXPECT_EQ(text_of(t.call("list_int_sort", {t.list({num(1), t.text("a")})})),
            "error: list elements must have the same type");
  EXPECT_EQ(text_of(t.call("list_distinct", {list})), "[3|1|2]");
  EXPECT_EQ(text_of(t.call("list_slice", {list, num(1), num(3)})), "[1|3]");
  EXPECT_EQ(text_of(t.call("list_slice", {list, num(1), num(5)})), "error: cannot slice(1, 5), list is length 4");
  EXPECT_EQ(text_of(t.call("lists_range", {num(3)})), "[0|1|2]");
  EXPECT_EQ(text_of(t.call("list_flatten_int", {t.list({list, num(9)}), num(1)})), "[3|1|3|2|9]");
}

TEST(Sets, PairsAreLimited) {
  Table lists(lists_library(3)), sets(sets_library());
  const Value big = lists.call("lists_range", {num(2000)});
  EXPECT_EQ(text_of(sets.call("list_sets_contains_list", {big, big})), "error: more than 2000000 comparisons");
  EXPECT_EQ(text_of(sets.call("list_sets_intersects_list", {sets.list({num(1)}), big})), "true");
}

TEST(Regex, MatchesFollowEachOtherAsInGo) {
  Table k(k8s_regex()), t(regex_ext_library());
  EXPECT_EQ(text_of(k.call("string_find_all_string", {k.text("baaau"), k.text("a*")})), "[|aaa|]");
  EXPECT_EQ(text_of(k.call("string_find_all_string_int", {k.text("123 abc 456"), k.text("[0-9]+"), num(1)})), "[123]");
  EXPECT_EQ(text_of(k.call("string_find_string", {k.text("x"), k.text("(")})),
            "error: Illegal regex: error parsing regexp: missing closing ): `(`");
  EXPECT_EQ(
      text_of(t.call("regex_replace_string_string_string", {t.text("foo bar"), t.text("(fo)o"), t.text("\\1\\\\")})),
      "fo\\ bar");
  EXPECT_EQ(text_of(t.call("regex_extract_string_string", {t.text("hello world"), t.text("hello (\\w+)")})),
            "some(world)");
  EXPECT_EQ(text_of(t.call("regex_extractAll_string_string", {t.text("id:1 id:2"), t.text("id:(\\d)")})), "[1|2]");
}

TEST(Encoders, Base64WithAndWithoutPadding) {
  Table t(encoders_library());
  EXPECT_EQ(text_of(t.call("base64_encode_bytes", {Value::of_bytes("hello")})), "aGVsbG8=");
  EXPECT_EQ(text_of(t.call("base64_decode_string", {t.text("aGVsbG8=")})), "hello");
  EXPECT_EQ(text_of(t.call("base64_decode_string", {t.text("aGVsbG8")})), "hello");
  EXPECT_EQ(text_of(t.call("base64_decode_string", {t.text("aGVs*G8")})), "error: illegal base64 data at input byte 4");
}

TEST(KubernetesLists, SumAndOrder) {
  Table t(k8s_lists(1));
  EXPECT_EQ(text_of(t.call("list_int_sum_int", {t.list({num(1), num(2)})})), "3");
  EXPECT_EQ(text_of(t.call("list_int_sum_int", {t.list({num(INT64_MAX), num(1)})})), "error: integer overflow");
  EXPECT_EQ(text_of(t.call("list_string_max_string", {t.list({})})), "error: max called on empty list");
  EXPECT_EQ(text_of(t.call("list_string_max_string", {t.list({t.text("a"), t.text("c"), t.text("b")})})), "c");
  EXPECT_EQ(text_of(t.call("list_int_is_sorted_bool", {t.list({num(1), num(1), num(0)})})), "false");
  EXPECT_EQ(Table(k8s_lists(0)).find("list_includes_dyn_dyn"), nullptr);
}

}  // namespace
}  // namespace ameia::expr::test
