// client URL NAME...: has everybody greeted by the server at URL.
#include <cstdio>

#include <sofa/io/posix/env.h>

#include "greeter.h"

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs("usage: client URL NAME...\n", stderr), 2;
  try {
    sofa::Context context(sofa::io::posix::env());
    auto greeter = context.reference<Greeter>({.url = argv[1]});
    for (int i = 2; i < argc; ++i) {
      const Greeting greeting = context.wait(greeter->greet(argv[i]));
      std::printf("%s (%d)\n", greeting.text.c_str(), greeting.served);
    }
  } catch (const sofa::Error& error) {
    std::fprintf(stderr, "client: %s\n", error.what());
    return 1;
  }
}
