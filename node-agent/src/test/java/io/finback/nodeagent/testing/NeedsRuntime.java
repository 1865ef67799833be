package io.finback.nodeagent.testing;

import io.finback.nodeagent.executor.Processes;
import io.finback.nodeagent.executor.Tools;
import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Runs a test only where images can be run: root, an OCI runtime, and a static busybox to make one of. Else says so loudly. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("privileged")
@ExtendWith(NeedsRuntime.Condition.class)
public @interface NeedsRuntime {
    /** As {@code finback.agent.images.runtime} says it. */
    String value() default "auto";

    /** Asked once per run of the tests. */
    final class Condition implements ExecutionCondition {
        private static final String LOUD = "#".repeat(100);

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            String runtime = context.getElement()
                    .map(element -> element.getAnnotation(NeedsRuntime.class))
                    .map(NeedsRuntime::value)
                    .orElse("auto");
            String missing = Here.MISSING.computeIfAbsent(runtime, Here::missing);
            if (missing.isEmpty()) {
                return ConditionEvaluationResult.enabled("all is there");
            }
            System.err.println(LOUD + "\n# NOT TESTED: " + context.getDisplayName() + ": " + missing + "\n" + LOUD);
            return ConditionEvaluationResult.disabled(missing);
        }
    }

    /** What works on this machine. */
    final class Here {
        static final Map<String, String> MISSING = new ConcurrentHashMap<>();

        private Here() {}

        private static String missing(String runtime) {
            if (Images.busybox().isEmpty()) {
                return "no /bin/busybox (Debian: busybox-static)";
            }
            try {
                Path probe = Files.createTempDirectory("oci");
                Tools programs = Tools.find(System.getenv("PATH"));
                var oci = TaskWorld.oci(
                        probe, programs, TaskWorld.isolation(programs, probe), new Processes(programs), false, runtime);
                oci.close();
                return oci.standing().available() ? "" : oci.standing().text();
            } catch (IOException | Tools.Missing e) {
                return e.toString();
            }
        }
    }
}
