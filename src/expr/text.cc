// Values as text: CEL's own notation for people, JSON for programs.
#include <charconv>

#include "doc/json.h"
#include "expr/function.h"
#include "expr/internal/number.h"
#include "expr/internal/static_types.h"
#include "expr/internal/time.h"
#include "expr/mutation_types.h"
#include "expr/program.h"

namespace ameia::expr {
namespace {

constexpr uint32_t kDepthMax = 200;

class Writer {
 public:
  explicit Writer(size_t size_max) : size_max_(size_max) {}
  std::string take() {
    if (out_.size() > size_max_) {
      size_t cut = size_max_;
      while (cut > 0 && (static_cast<unsigned char>(out_[cut]) & 0xC0) == 0x80) --cut;
      out_.resize(cut);
      out_ += "…";
    }
    return std::move(out_);
  }

  void text(const Value& v, uint32_t depth = 0) {
    if (out_.size() > size_max_) return;
    if (depth > kDepthMax) {
      out_ += "…";
      return;
    }
    switch (v.kind) {
      case ValueKind::kError:
        out_ += "error(";
        out_ += v.error->message;
        out_ += ')';
        break;
      case ValueKind::kNull: out_ += "null"; break;
      case ValueKind::kBool: out_ += v.boolean ? "true" : "false"; break;
      case ValueKind::kInt: out_ += std::to_string(v.integer); break;
      case ValueKind::kUint: out_ += std::to_string(v.uinteger) + "u"; break;
      case ValueKind::kDouble: number(v.number); break;
      case ValueKind::kString: doc::append_json_string(out_, v.str().substr(0, size_max_)); break;
      case ValueKind::kBytes: bytes(v.str().substr(0, size_max_)); break;
      case ValueKind::kDuration: out_ += "duration(\"" + internal::format_duration(v.integer) + "\")"; break;
      case ValueKind::kTimestamp:
        out_ += "timestamp(\"" + internal::format_rfc3339(v.integer, v.size, v.east) + "\")";
        break;
      case ValueKind::kDocList:
      case ValueKind::kList:
        out_ += '[';
        for (uint32_t i = 0, n = list_size(v); i < n && out_.size() <= size_max_; ++i) {
          if (i != 0) out_ += ", ";
          text(list_at(v, i), depth + 1);
        }
        out_ += ']';
        break;
      case ValueKind::kDocMap:
      case ValueKind::kMap:
        out_ += '{';
        for (uint32_t i = 0, n = map_size(v); i < n && out_.size() <= size_max_; ++i) {
          MapEntryValue entry = map_at(v, i);
          if (i != 0) out_ += ", ";
          text(entry.key, depth + 1);
          out_ += ": ";
          text(entry.value, depth + 1);
        }
        out_ += '}';
        break;
      case ValueKind::kOptional:
        if (v.optional == nullptr) {
          out_ += "optional.none()";
        } else {
          out_ += "optional.of(";
          text(*v.optional, depth + 1);
          out_ += ')';
        }
        break;
      case ValueKind::kType: out_ += internal::runtime_name(*v.type); break;
      case ValueKind::kOpaque:
        out_ += v.opaque->text();
        if (const ConstructedObject* object = constructed(v)) {
          out_ += '{';
          for (uint32_t i = 0; i < object->fields().size && out_.size() <= size_max_; ++i) {
            const MapEntryValue& field = object->fields().entries[i];
            if (i != 0) out_ += ", ";
            out_ += field.key.str();
            out_ += ": ";
            text(field.value, depth + 1);
          }
          out_ += '}';
        }
        break;
    }
  }

  void json(const Value& v, uint32_t depth = 0) {
    if (depth > kDepthMax * 4) {
      out_ += "null";
      return;
    }
    switch (v.kind) {
      case ValueKind::kNull: out_ += "null"; break;
      case ValueKind::kBool: out_ += v.boolean ? "true" : "false"; break;
      case ValueKind::kInt: out_ += std::to_string(v.integer); break;
      case ValueKind::kUint: out_ += std::to_string(v.uinteger); break;
      case ValueKind::kDouble:
        if (std::isfinite(v.number)) {
          number(v.number);
        } else {
          out_ += std::isnan(v.number) ? "\"NaN\"" : v.number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
        }
        break;
      case ValueKind::kString: doc::append_json_string(out_, v.str()); break;
      case ValueKind::kBytes: base64(v.str()); break;
      case ValueKind::kDocList:
      case ValueKind::kList:
        out_ += '[';
        for (uint32_t i = 0, n = list_size(v); i < n; ++i) {
          if (i != 0) out_ += ',';
          json(list_at(v, i), depth + 1);
        }
        out_ += ']';
        break;
      case ValueKind::kDocMap:
      case ValueKind::kMap:
        out_ += '{';
        for (uint32_t i = 0, n = map_size(v); i < n; ++i) {
          MapEntryValue entry = map_at(v, i);
          if (i != 0) out_ += ',';
          if (entry.key.kind == ValueKind::kString) {
            doc::append_json_string(out_, entry.key.str());
          } else {
            Writer key(SIZE_MAX);
            key.text(entry.key);
            doc::append_json_string(out_, key.take());
          }
          out_ += ':';
          json(entry.value, depth + 1);
        }
        out_ += '}';
        break;
      case ValueKind::kOptional:
        if (v.optional == nullptr) {
          out_ += "null";
        } else {
          json(*v.optional, depth + 1);
        }
        break;
      case ValueKind::kDuration: doc::append_json_string(out_, internal::format_duration(v.integer)); break;
      case ValueKind::kTimestamp:
        doc::append_json_string(out_, internal::format_rfc3339(v.integer, v.size, v.east));
        break;
      case ValueKind::kError: doc::append_json_string(out_, v.error->message); break;
      case ValueKind::kType: doc::append_json_string(out_, internal::runtime_name(*v.type)); break;
      case ValueKind::kOpaque:
        if (const ConstructedObject* object = constructed(v)) {
          json(Value::of_map(&object->fields()), depth);
        } else {
          doc::append_json_string(out_, v.opaque->text());
        }
        break;
    }
  }

 private:
  // The shortest digits that read back as the same double, always with a point or an exponent.
  void number(double d) {
    if (!std::isfinite(d)) {
      out_ += std::isnan(d) ? "double(\"NaN\")" : d > 0 ? "double(\"Infinity\")" : "double(\"-Infinity\")";
      return;
    }
    char digits[40];
    auto end = std::to_chars(digits, digits + sizeof digits, d).ptr;
    std::string_view written(digits, static_cast<size_t>(end - digits));
    out_ += written;
    if (written.find_first_of(".e") == std::string_view::npos) out_ += ".0";
  }

  void bytes(std::string_view raw) {
    constexpr char kHex[] = "0123456789abcdef";
    out_ += "b\"";
    for (char c : raw) {
      auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\') {
        out_ += c;
      } else {
        out_ += "\\x";
        out_ += kHex[byte >> 4];
        out_ += kHex[byte & 15];
      }
    }
    out_ += '"';
  }

  void base64(std::string_view raw) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out_ += '"';
    for (size_t i = 0; i < raw.size(); i += 3) {
      uint32_t group = 0;
      for (size_t k = 0; k < 3; ++k)
        group = group << 8 | (i + k < raw.size() ? static_cast<unsigned char>(raw[i + k]) : 0u);
      out_ += kDigits[group >> 18];
      out_ += kDigits[group >> 12 & 63];
      out_ += i + 1 < raw.size() ? kDigits[group >> 6 & 63] : '=';
      out_ += i + 2 < raw.size() ? kDigits[group & 63] : '=';
    }
    out_ += '"';
  }

  std::string out_;
  size_t size_max_;
};

}  // namespace

std::string to_text(const Value& value, size_t size_max) {
  Writer writer(size_max);
  writer.text(value);
  return writer.take();
}

std::string to_json(const Value& value) {
  Writer writer(SIZE_MAX);
  writer.json(value);
  return writer.take();
}

}  // namespace ameia::expr
