#include "sofa/rpc/wire_names.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "examples/bank/services.h"

namespace bank {
namespace {

TEST(WireNames, AreWhatPeersKnow) {
  std::ifstream file(SOFA_SOURCE_DIR "/examples/bank/wire_names.txt");
  std::stringstream known;
  known << file.rdbuf();
  const std::string names = sofa::rpc::wire_names<EchoService, AccountService, TransferRequest, TransferResult, Leg,
                                                  Node, AllTypes, InsufficientFunds, Undeclared>();
  EXPECT_EQ(names, known.str()) << "a name on the wire has changed: peers would no longer understand each other";
}

}  // namespace
}  // namespace bank
