// The binding of hyper-parameters.
#ifndef RONDO_FRONTENDS_SPEC_SPECIALISESPEC_TD
#define RONDO_FRONTENDS_SPEC_SPECIALISESPEC_TD

include "mlir/Pass/PassBase.td"

def SpecialiseSpec : Pass<"rondo-specialise-spec", "::mlir::ModuleOp"> {
  let summary = "Bind hyper-parameters and unroll blocks";
  let description = [{
    Every expression becomes a number, except for what depends on `head`, `pair` and `dim`. `spec.repeat` and `spec.call` become the ops of
    their block, with the instance's prefix before weight names, the attribute `instance`, and the instance's name
    around the location. Presets, requirements and blocks are gone afterwards.

    Holds before: `rondo-check-spec` found nothing. Refuses values out of range and requirements that do not hold.
  }];
  let options = [
    Option<"preset", "preset", "std::string", "", "Name of a preset of the spec">,
    ListOption<"hypers", "hypers", "std::string", "Values of hyper-parameters, name=value">,
  ];
}

#endif
