package io.csiclone.it;

import io.csiclone.testkit.ApiCall;
import java.io.IOException;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;

/** The chart grants the driver what it uses in its whole life, and nothing else. */
@Tag("embedded")
class DriverRightsTest extends RightsContract {

  DriverRightsTest() {
    super(
        ChartRenderTest.render(
            ChartRenderTest.DRIVER, ChartRenderTest.NEWEST, Map.of("crossNamespaceClones", true)),
        16);
  }

  @Override
  Life life(Predicate<ApiCall> rights) throws IOException {
    return new DriverLife(rights);
  }

  /**
   * What another says of cloning on the CSIDriver object may change, but the driver's own word
   * counts: a cache of it that stands still is seen in the metrics only.
   */
  @Override
  boolean showsLater(Rights.Grant missing) {
    return missing.verb().equals("watch") && missing.resource().equals("csidrivers");
  }
}
