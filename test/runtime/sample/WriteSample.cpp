// Writes the sample model's package to the file named on the command line, for tests of the programs.
#include "test/runtime/sample/SamplePackage.h"

#include <fstream>

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  std::ofstream file(argv[1], std::ios::binary);
  file << rondo::test::samplePackage();
  return file.flush() ? 0 : 1;
}
