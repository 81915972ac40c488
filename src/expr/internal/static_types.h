// The runtime types: what type(x) is, without parameters. Neighbours: value.cc, plan*.cc.
#pragma once

#include "expr/type.h"

namespace ameia::expr::internal {

inline constexpr Type kErrorType{TypeKind::kError, {}, {}, 0};
inline constexpr Type kDynType{TypeKind::kDyn, {}, {}, 0};
inline constexpr Type kNullType{TypeKind::kNull, {}, {}, 0};
inline constexpr Type kBoolType{TypeKind::kBool, {}, {}, 0};
inline constexpr Type kIntType{TypeKind::kInt, {}, {}, 0};
inline constexpr Type kUintType{TypeKind::kUint, {}, {}, 0};
inline constexpr Type kDoubleType{TypeKind::kDouble, {}, {}, 0};
inline constexpr Type kStringType{TypeKind::kString, {}, {}, 0};
inline constexpr Type kBytesType{TypeKind::kBytes, {}, {}, 0};
inline constexpr Type kDurationType{TypeKind::kDuration, {}, {}, 0};
inline constexpr Type kTimestampType{TypeKind::kTimestamp, {}, {}, 0};
inline constexpr Type kListType{TypeKind::kList, {}, {}, 0};
inline constexpr Type kMapType{TypeKind::kMap, {}, {}, 0};
inline constexpr Type kOptionalType{TypeKind::kOptional, {}, {}, 0};
inline constexpr Type kTypeType{TypeKind::kType, {}, {}, 0};
inline constexpr Type kOpaqueType{TypeKind::kOpaque, "opaque", {}, 0};

// "int", "list", "google.protobuf.Duration", "kubernetes.Quantity".
std::string_view runtime_name(const Type& type);

}  // namespace ameia::expr::internal
