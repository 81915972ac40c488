// The formats of OpenAPI schemas.
#include "expr/text_format.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ameia::expr {
namespace {

struct Row {
  std::string_view format;
  std::vector<std::string_view> good, bad;
};

TEST(TextFormat, ReadsWhatTheApiServerReads) {
  const std::vector<Row> rows = {
      {"date-time",
       {"2026-11-25T12:00:00Z", "2026-11-25t12:00:00.5+01:00"},
       {"2026-11-25", "2026-13-25T12:00:00Z", ""}},
      {"datetime", {"2026-11-25T12:00:00Z"}, {"12:00"}},
      {"date", {"2026-11-25"}, {"2026-11-31", "25/11/2026"}},
      {"duration", {"1h30m", "2 days", "1 min", "5W", "1h 20 sec"}, {"1", "h", "two days", "1 lightyear", ""}},
      {"ipv4", {"10.0.0.1", "::ffff:10.0.0.1"}, {"10.0.0", "010.0.0.1", "::1", "10.0.0.1/8", ""}},
      {"ipv6", {"::1", "2001:db8::1", "::ffff:10.0.0.1"}, {"10.0.0.1", "fe80::1%eth0", "g::1"}},
      {"cidr", {"10.0.0.0/8", "2001:db8::/32"}, {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/08"}},
      {"mac",
       {"00:00:5e:00:53:01", "02-00-5e-10-00-00-00-01", "0000.5e00.5301"},
       {"00:00:5e:00:53", "00:00-5e:00:53:01", "00005e005301", "00:00:5e:00:53:01:", "zz:00:5e:00:53:01", ""}},
      {"uuid",
       {"123e4567-e89b-12d3-a456-426614174000", "123E4567E89B12D3A456426614174000"},
       {"123e4567", "g23e4567-e89b-12d3-a456-426614174000"}},
      {"uuid3", {"123e4567-e89b-32d3-a456-426614174000"}, {"123e4567-e89b-42d3-a456-426614174000"}},
      {"uuid4", {"123e4567-e89b-42d3-a456-426614174000"}, {"123e4567-e89b-42d3-c456-426614174000"}},
      {"uuid5", {"123e4567-e89b-52d3-8456-426614174000"}, {"123e4567-e89b-42d3-8456-426614174000"}},
      {"uri", {"https://example.com/a?b", "/rooted/path"}, {"relative", "", "http://[::1"}},
      {"hostname",
       {"example.com", "web", "w-1", "a.b.co", "1.example.com", "a-b.c-d", "\u00e9t\u00e9.fr"},
       {"-a.com", "a..b", "a_b.com", "", "web-1", "a.b", "a-.com", "a.c--d", "a.co-", "a.co."}},
      {"email", {"a@b.com", "Ana <a.b@c.org>", "\"x y\"@b.com"}, {"a", "a@", "@b.com", "a b@c.com", "<a@b.com"}},
      {"byte", {"aGk=", "aGVs"}, {"aGk", "a===", "", "aG k="}},
      {"isbn", {"0-306-40615-2", "978-0-306-40615-7"}, {"0-306-40615-3"}},
      {"isbn10", {"080442957X"}, {"978-0-306-40615-7"}},
      {"isbn13", {"9780306406157"}, {"9780306406158"}},
      {"ssn", {"123-45-6789", "123 45 6789"}, {"123456789", "12-345-6789"}},
      {"hexcolor", {"#fff", "A0b1C2"}, {"#ff", "#ggg"}},
      {"rgbcolor", {"rgb(0, 127,255)"}, {"rgb(0,0,256)", "rgb(1,2)"}},
      {"bsonobjectid", {"507f1f77bcf86cd799439011"}, {"507f1f77bcf86cd79943901"}},
      {"password", {"", "anything"}, {}},
      {"k8s-short-name", {"web-1"}, {"Web", "a.b", "-a"}},
      {"k8s-long-name", {"a.b", "web"}, {"a..b", "A"}},
  };
  for (const Row& row : rows) {
    for (std::string_view text : row.good) EXPECT_EQ(has_format(row.format, text), true) << row.format << " " << text;
    for (std::string_view text : row.bad) EXPECT_EQ(has_format(row.format, text), false) << row.format << " " << text;
  }
}

TEST(TextFormat, WhatIsNotJudgedIsSaid) {
  for (const char* format : {"int32", "int64", "double", "made-up", "creditcard", ""})
    EXPECT_EQ(has_format(format, "x"), std::nullopt) << format;
  EXPECT_EQ(has_format("email", "a (comment) <a@b.com>"), std::nullopt);
}

}  // namespace
}  // namespace ameia::expr
