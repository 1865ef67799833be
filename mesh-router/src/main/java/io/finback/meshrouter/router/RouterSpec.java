package io.finback.meshrouter.router;

import io.finback.meshrouter.namers.Interpreter;
import io.finback.names.Dtab;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What one router is made of.
 *
 * @param label its name in metrics, unique
 * @param dtab behind the interpreter's own, before a request's
 * @param identifiers tried in order, at least one
 * @param notYet why a name that leads nowhere may just not have been heard of; empty when all is known
 * @param maxNames most logical names, bound names and bindings kept, each
 */
public record RouterSpec(
        String label,
        Dtab dtab,
        List<Identifier> identifiers,
        Interpreter interpreter,
        Policies policies,
        Supplier<Optional<String>> notYet,
        Limits maxNames) {
    public RouterSpec {
        identifiers = List.copyOf(identifiers);
    }

    /** How many are kept; the one used longest ago makes room. Linkerd's {@code bindingCache}. */
    public record Limits(int paths, int clients) {
        public Limits {
            if (paths < 1 || clients < 1) {
                throw new IllegalArgumentException(
                        "bindingCache: paths " + paths + ", clients " + clients + " (expected: >= 1)");
            }
        }
    }
}
