package io.finback.meshrouter.namers;

import io.finback.meshrouter.boot.TestRouter;
import io.finback.names.Delegation;
import io.finback.names.Dtab;
import io.finback.names.NotYetKnown;
import io.finback.names.Path;
import java.util.concurrent.atomic.AtomicReference;

/** What an interpreter says of a name under a dtab that says nothing. */
final class Bindings {
    private Bindings() {}

    /** Its ids, what is left of the name, and addresses with weights other than 1; {@code pending} before it is known. */
    static String bound(Interpreter interpreter, String name) {
        try {
            return interpreter
                    .bind(Dtab.EMPTY, Path.parse(name))
                    .show(b -> b.id().show()
                            + (b.residual().isEmpty()
                                    ? ""
                                    : " rest " + b.residual().show())
                            + " "
                            + interpreter.addresses(b.id()).get().stream()
                                    .map(a -> a + (a.weight() == 1.0 ? "" : " * " + a.weight()))
                                    .sorted()
                                    .toList());
        } catch (NotYetKnown e) {
            return "pending";
        }
    }

    static void await(Interpreter interpreter, String name, String expected) {
        AtomicReference<String> last = new AtomicReference<>("");
        try {
            TestRouter.await(name + " to be " + expected, () -> {
                last.set(bound(interpreter, name));
                return last.get().equals(expected);
            });
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ", but it was " + last.get(), e);
        }
    }

    static Delegation explained(Interpreter interpreter, String path) {
        AtomicReference<Delegation> found = new AtomicReference<>();
        TestRouter.await("an explanation", () -> {
            try {
                found.set(interpreter.delegate(Dtab.EMPTY, Path.parse(path)));
            } catch (NotYetKnown e) {
                return false;
            }
            return true;
        });
        return found.get();
    }

    /** {@code host:port} of ten thousand instances. */
    static String[] many() {
        String[] many = new String[10_000];
        for (int i = 0; i < many.length; i++) {
            many[i] = "10.0." + i / 250 + "." + i % 250 + ":80";
        }
        return many;
    }
}
