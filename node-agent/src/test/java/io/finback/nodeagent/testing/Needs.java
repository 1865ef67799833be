package io.finback.nodeagent.testing;

import io.finback.nodeagent.executor.Tools;
import io.finback.nodeagent.isolation.Isolation;
import io.finback.nodeagent.isolation.Isolator;
import io.finback.nodeagent.isolation.IsolatorStatus;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Runs a test only where these isolators work: root, util-linux and a kernel that lets us. Where they do not, says so loudly. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("privileged")
@ExtendWith(Needs.Condition.class)
public @interface Needs {
    Isolator[] value();

    /** Asked once per run of the tests. */
    final class Condition implements ExecutionCondition {
        private static final String LOUD = "#".repeat(100);

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            Optional<Needs> needs = context.getElement().map(element -> element.getAnnotation(Needs.class));
            if (needs.isEmpty()) {
                return ConditionEvaluationResult.enabled("needs nothing");
            }
            List<Isolator> wanted = Arrays.asList(needs.get().value());
            List<String> missing = Here.ISOLATION.all().stream()
                    .filter(status -> wanted.contains(status.isolator()) && !status.on())
                    .map(Condition::described)
                    .toList();
            if (missing.isEmpty()) {
                return ConditionEvaluationResult.enabled("all is there");
            }
            System.err.println(
                    LOUD + "\n# NOT TESTED: " + context.getDisplayName() + " needs " + missing + "\n" + LOUD);
            return ConditionEvaluationResult.disabled("needs " + missing);
        }

        private static String described(IsolatorStatus status) {
            return status.isolator() + " (" + status.detail() + ")";
        }
    }

    /** What works on this machine. */
    final class Here {
        static final Isolation ISOLATION = detect();

        private Here() {}

        private static Isolation detect() {
            try {
                return TaskWorld.isolation(Tools.find(System.getenv("PATH")), Path.of("needs"));
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }
}
