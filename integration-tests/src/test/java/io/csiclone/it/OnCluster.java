package io.csiclone.it;

import io.csiclone.cluster.NodeCluster;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives every test class the one cluster of this run; it is removed after the last of them. */
final class OnCluster implements BeforeAllCallback, ParameterResolver {

  /** The cluster's default class, so that a clone without a class would get the wrong one. */
  static final String OTHER_DEFAULT_CLASS = "other-default";

  private static final Namespace STORE = Namespace.create(OnCluster.class);

  @Override
  public void beforeAll(ExtensionContext context) {
    cluster(context);
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == NodeCluster.class;
  }

  @Override
  public NodeCluster resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return cluster(context);
  }

  private static NodeCluster cluster(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(STORE)
        .computeIfAbsent(NodeCluster.class, key -> start(), NodeCluster.class);
  }

  private static NodeCluster start() {
    Path root = Path.of(System.getProperty("csiclone.root", ".."));
    NodeCluster cluster = NodeCluster.start(root, false);
    cluster
        .client()
        .resource(
            new StorageClassBuilder()
                .withNewMetadata()
                .withName(OTHER_DEFAULT_CLASS)
                .addToAnnotations("storageclass.kubernetes.io/is-default-class", "true")
                .endMetadata()
                .withProvisioner("nobody.example.com")
                .build())
        .serverSideApply();
    return cluster;
  }
}
