package io.csiclone.bench;

import com.sun.management.ThreadMXBean;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Runs inside the webhook's process: what the same server, with the same TLS, can do when nothing
 * is read, judged or written.
 */
@RestController
final class ConstantAnswer {

  static final byte[] ADMITTED =
      """
      {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"allowed":true,"auditAnnotations":{"verdict":"allowed"},"uid":"7f1d3c52-5a55-4c7c-9d5e-0d8f7a3f6c11"}}\
      """
          .getBytes(StandardCharsets.UTF_8);

  @PostMapping("/constant")
  ResponseEntity<byte[]> constant(HttpServletRequest request) throws IOException {
    request.getInputStream().readAllBytes();
    return ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON).body(ADMITTED);
  }

  /** How many bytes of heap this process has ever taken. */
  @GetMapping("/allocated")
  ResponseEntity<String> allocated() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return ResponseEntity.ok(Long.toString(threads.getTotalThreadAllocatedBytes()));
  }
}
