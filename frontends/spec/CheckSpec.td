// The semantic check of specs.
#ifndef RONDO_FRONTENDS_SPEC_CHECKSPEC_TD
#define RONDO_FRONTENDS_SPEC_CHECKSPEC_TD

include "mlir/Pass/PassBase.td"

def CheckSpec : Pass<"rondo-check-spec", "::mlir::ModuleOp"> {
  let summary = "Report every semantic error of a spec in one run";
  let description = [{
    Changes nothing. Names, places, operands and clauses are checked as written; ranges, requirements and dimensions with
    the values that the options, the preset and the defaults give. Each error has its place, what was expected and found,
    a note where the other party comes from, and a `help:` note. Ops whose operands are already wrong are not reported.

    Holds after: the spec can be specialised and its shapes inferred.
  }];
  let options = [
    Option<"preset", "preset", "std::string", "", "Name of a preset of the spec">,
    ListOption<"hypers", "hypers", "std::string", "Values of hyper-parameters, name=value">,
  ];
}

#endif
