// Definition: the bytes with which a stream introduces a class, made once per class.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sofa::hessian {

struct Definition {
  Definition() = default;
  Definition(std::string_view class_name, std::span<const std::string_view> field_names);

  std::string_view name() const { return std::string_view(bytes).substr(name_at, name_size); }

  std::string bytes;  ///< 'O', name, field count, field names
  std::uint32_t name_at = 0;
  std::uint32_t name_size = 0;
  std::uint32_t fields_at = 0;
  std::uint32_t field_count = 0;
};

}  // namespace sofa::hessian
