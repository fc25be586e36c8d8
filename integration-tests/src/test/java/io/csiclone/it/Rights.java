package io.csiclone.it;

import io.csiclone.testkit.ApiCall;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * What the roles of a rendered chart allow, one grant for each verb on each resource.
 *
 * @param grants each allows something that no other does
 */
record Rights(List<Grant> grants) implements Predicate<ApiCall> {

  /**
   * One verb on one resource.
   *
   * @param namespace empty for the whole cluster
   * @param name empty for every object
   */
  record Grant(String verb, String group, String resource, String namespace, String name) {

    boolean allows(ApiCall call) {
      return verb.equals(call.verb())
          && group.equals(call.group())
          && resource.equals(call.resource())
          && (namespace.isEmpty() || namespace.equals(call.namespace()))
          && (name.isEmpty() || name.equals(call.name()));
    }

    @Override
    public String toString() {
      return new ApiCall("", verb, group, resource, namespace, name).toString();
    }
  }

  /** The rights that these objects grant, whoever they are bound to. */
  static Rights of(List<HasMetadata> objects) {
    var grants = new ArrayList<Grant>();
    for (HasMetadata object : objects) {
      switch (object) {
        case ClusterRole role -> role.getRules().forEach(rule -> add(grants, rule, ""));
        case Role role ->
            role.getRules().forEach(rule -> add(grants, rule, role.getMetadata().getNamespace()));
        default -> {}
      }
    }
    return new Rights(List.copyOf(grants));
  }

  private static void add(List<Grant> grants, PolicyRule rule, String namespace) {
    List<String> names = rule.getResourceNames().isEmpty() ? List.of("") : rule.getResourceNames();
    for (String group : rule.getApiGroups()) {
      for (String resource : rule.getResources()) {
        for (String verb : rule.getVerbs()) {
          for (String name : names) {
            grants.add(new Grant(verb, group, resource, namespace, name));
          }
        }
      }
    }
  }

  Rights without(Grant grant) {
    return new Rights(grants.stream().filter(each -> !each.equals(grant)).toList());
  }

  @Override
  public boolean test(ApiCall call) {
    return grants.stream().anyMatch(grant -> grant.allows(call));
  }
}
