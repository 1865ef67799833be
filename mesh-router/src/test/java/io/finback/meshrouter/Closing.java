package io.finback.meshrouter;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** What a test has opened, closed behind it: the latest first. */
public final class Closing implements AfterEachCallback {
    private final List<AutoCloseable> open = new ArrayList<>();

    @CanIgnoreReturnValue
    public <T extends AutoCloseable> T add(T opened) {
        open.add(opened);
        return opened;
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
        open.clear();
    }
}
