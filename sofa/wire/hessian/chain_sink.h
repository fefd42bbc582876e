// ChainSink: lets a Writer store straight into the blocks of a connection's output.
#pragma once

#include "sofa/base/chain.h"
#include "sofa/wire/hessian/sink.h"

namespace sofa::hessian {

/// Appends to a chain. Until Writer::finish() nothing else may touch the chain.
class ChainSink final : public Sink {
 public:
  explicit ChainSink(Chain& out) : out_(out) {}
  std::span<std::uint8_t> grow(std::size_t used, std::size_t need) override {
    out_.commit(used);
    return need == 0 ? std::span<std::uint8_t>() : out_.reserve(need);
  }

 private:
  Chain& out_;
};

}  // namespace sofa::hessian
