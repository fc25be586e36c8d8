package io.csiclone.it;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import dev.cel.common.types.StructTypeReference;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.extensions.CelExtensions;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MatchCondition;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * CEL expressions on a new claim, checked against the types that an API server declares for claims
 * and evaluated on claims as it holds them: without a field there is no value, not even null.
 */
final class CelExpressions {

  private static final CelType TEXT = SimpleType.STRING;
  private static final MapType TEXTS = MapType.create(TEXT, TEXT);

  /** What the expressions may mention of a claim and its request, after the server's schema. */
  private static final ImmutableMap<String, ImmutableMap<String, CelType>> TYPES =
      ImmutableMap.<String, ImmutableMap<String, CelType>>builder()
          .put("Claim", fields("metadata", ref("Meta"), "spec", ref("Spec")))
          .put("Meta", ImmutableMap.<String, CelType>of("name", TEXT, "annotations", TEXTS))
          .put(
              "Spec",
              ImmutableMap.<String, CelType>builder()
                  .put("dataSource", ref("Source"))
                  .put("dataSourceRef", ref("Reference"))
                  .put("selector", ref("Selector"))
                  .put("storageClassName", TEXT)
                  .put("volumeMode", TEXT)
                  .put("volumeName", TEXT)
                  .buildOrThrow())
          .put("Source", ImmutableMap.of("apiGroup", TEXT, "kind", TEXT, "name", TEXT))
          // The server calls the field namespace __namespace__ here, for it is a reserved word.
          .put(
              "Reference",
              ImmutableMap.of("apiGroup", TEXT, "kind", TEXT, "name", TEXT, "__namespace__", TEXT))
          .put("Selector", ImmutableMap.<String, CelType>of("matchLabels", TEXTS))
          .put("Request", fields("namespace", TEXT, "name", TEXT))
          .put("Namespace", ImmutableMap.of("metadata", ref("NamespaceMeta")))
          .put("NamespaceMeta", fields("name", TEXT, "labels", TEXTS))
          .buildOrThrow();

  private static ImmutableMap<String, CelType> fields(
      String first, CelType firstType, String second, CelType secondType) {
    return ImmutableMap.of(first, firstType, second, secondType);
  }

  private static final CelRuntime RUNTIME =
      CelRuntimeFactory.standardCelRuntimeBuilder().addLibraries(CelExtensions.strings()).build();

  private record Step(String name, CelRuntime.Program program) {}

  private final Map<String, CelType> variableTypes = new LinkedHashMap<>();
  private final List<CelRuntime.Program> conditions = new ArrayList<>();
  private final List<Step> variables = new ArrayList<>();
  private final List<CelRuntime.Program> validations = new ArrayList<>();
  private final List<CelRuntime.Program> messages = new ArrayList<>();

  private CelExpressions() {}

  /** The conditions of a webhook. */
  static CelExpressions of(List<MatchCondition> conditions) {
    var expressions = new CelExpressions();
    conditions.forEach(
        each -> expressions.conditions.add(expressions.compile(each.getExpression()).program()));
    return expressions;
  }

  /** The conditions, variables and validations of a policy. */
  static CelExpressions of(ValidatingAdmissionPolicy policy) {
    var spec = policy.getSpec();
    var expressions = of(spec.getMatchConditions());
    for (var variable : spec.getVariables()) {
      var compiled = expressions.compile(variable.getExpression());
      expressions.variables.add(new Step(variable.getName(), compiled.program()));
      // Only those that follow may use it.
      expressions.variableTypes.put(variable.getName(), compiled.type());
    }
    for (var validation : spec.getValidations()) {
      expressions.validations.add(expressions.compile(validation.getExpression()).program());
      expressions.messages.add(expressions.compile(validation.getMessageExpression()).program());
    }
    return expressions;
  }

  private record Compiled(CelRuntime.Program program, CelType type) {}

  private Compiled compile(String expression) {
    var compiler =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .addLibraries(CelExtensions.strings())
            .setTypeProvider(new Types(ImmutableMap.copyOf(variableTypes)))
            .addVar("object", ref("Claim"))
            .addVar("oldObject", ref("Claim"))
            .addVar("request", ref("Request"))
            .addVar("namespaceObject", ref("Namespace"))
            .addVar("variables", ref("Variables"))
            .build();
    try {
      var ast = compiler.compile(expression).getAst();
      return new Compiled(RUNTIME.createProgram(ast), ast.getResultType());
    } catch (CelValidationException | CelEvaluationException e) {
      throw new IllegalArgumentException(expression + ": " + e.getMessage(), e);
    }
  }

  /** Whether every condition holds, so that the server asks at all. */
  boolean match(Map<String, Object> claim) {
    return conditions.stream()
        .allMatch(each -> evaluate(each, input(claim, Map.of())).equals(true));
  }

  /**
   * What the server tells a user whose claim is refused; empty when it is not.
   *
   * @param labels those of the claim's namespace
   */
  Optional<String> refusal(Map<String, Object> claim, Map<String, String> labels) {
    if (!match(claim)) {
      return Optional.empty();
    }
    var values = new HashMap<String, Object>();
    var input = input(claim, labels);
    input.put("variables", values);
    variables.forEach(step -> values.put(step.name(), evaluate(step.program(), input)));
    var told = new StringJoiner(" ");
    for (int i = 0; i < validations.size(); i++) {
      if (!evaluate(validations.get(i), input).equals(true)) {
        told.add((String) evaluate(messages.get(i), input));
      }
    }
    return Optional.of(told.toString()).filter(message -> !message.isEmpty());
  }

  private static Map<String, Object> input(Map<String, Object> claim, Map<String, String> labels) {
    var metadata = (Map<?, ?>) claim.get("metadata");
    var input = new HashMap<String, Object>();
    input.put("object", claim);
    input.put(
        "request",
        Map.of("namespace", String.valueOf(metadata == null ? null : metadata.get("namespace"))));
    input.put(
        "namespaceObject",
        Map.of("metadata", labels.isEmpty() ? Map.of() : Map.of("labels", labels)));
    return input;
  }

  private static Object evaluate(CelRuntime.Program program, Map<String, Object> input) {
    try {
      return program.eval(input);
    } catch (CelEvaluationException e) {
      throw new AssertionError("The server could not evaluate it for " + input, e);
    }
  }

  private static StructTypeReference ref(String type) {
    return StructTypeReference.create(type);
  }

  /** The types above, and the variables defined so far. */
  private record Types(ImmutableMap<String, CelType> variables) implements CelTypeProvider {

    @Override
    public ImmutableCollection<CelType> types() {
      return ImmutableList.of();
    }

    @Override
    public Optional<CelType> findType(String name) {
      ImmutableMap<String, CelType> known = name.equals("Variables") ? variables : TYPES.get(name);
      return known == null
          ? Optional.empty()
          : Optional.of(
              StructType.create(
                  name, known.keySet(), field -> Optional.ofNullable(known.get(field))));
    }
  }
}
