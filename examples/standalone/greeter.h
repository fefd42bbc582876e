// The service, as both sides know it.
#pragma once

#include <string>

#include <sofa/sdk.h>

struct Greeting {
  static constexpr auto java_class = "dev.sofa.greetings.Greeting";
  std::string text;
  std::int32_t served = 0;
};

class Greeter {
 public:
  virtual ~Greeter() = default;
  virtual sofa::Task<Greeting> greet(std::string name) = 0;
};
SOFA_SERVICE(Greeter, "dev.sofa.greetings.Greeter", greet)
SOFA_SERVICE_EXTERN(Greeter)  // its codecs are compiled once, in greeter.cc
