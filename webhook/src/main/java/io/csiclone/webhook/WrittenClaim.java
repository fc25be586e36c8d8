package io.csiclone.webhook;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A claim that names a data source, as it stands in a review.
 *
 * @param model what is judged of it
 * @param hasClassField whether it has the field {@code storageClassName}, be it null
 * @param dataSourceRef as it was sent, with all that the model does not know; null if there is none
 */
record WrittenClaim(
    PersistentVolumeClaim model, boolean hasClassField, @Nullable Map<?, ?> dataSourceRef) {}
