package io.csiclone.bench;

import com.sun.management.ThreadMXBean;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Runs inside the webhook's process: what the same server, with the same TLS, can do when nothing
 * is read, judged or written.
 */
@Configuration(proxyBeanMethods = false)
class ConstantAnswer {

  @Bean
  ServletRegistrationBean<HttpServlet> constant() {
    return new ServletRegistrationBean<>(new Constant(), "/constant");
  }

  @Bean
  ServletRegistrationBean<HttpServlet> allocated() {
    return new ServletRegistrationBean<>(new Allocated(), "/allocated");
  }

  private static final class Constant extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      request.getInputStream().readAllBytes();
      response.setContentType("application/json");
      response.setContentLength(ConstantHttpsServer.ADMITTED.length);
      response.getOutputStream().write(ConstantHttpsServer.ADMITTED);
    }
  }

  /** How many bytes of heap this process has ever taken. */
  private static final class Allocated extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      response.getWriter().print(threads.getTotalThreadAllocatedBytes());
    }
  }
}
