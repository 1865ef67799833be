package io.finback.meshrouter.rpc.mux;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Which tag is whose, of the calls under way on one connection. The tag freed last is given next. On the connection's event loop. */
final class MuxTags<E> {
    private static final int FIRST = 64;

    private @Nullable Object[] byTag = new @Nullable Object[FIRST];
    private int[] freeTags = new int[FIRST];
    private int free;
    private int nextTag = MuxWire.FIRST_TAG;
    private int taken;

    /** A tag for {@code call}; 0 when there is none left. */
    int take(E call) {
        int tag = free > 0 ? freeTags[--free] : nextTag <= MuxWire.LAST_TAG ? nextTag++ : 0;
        if (tag == 0) {
            return 0;
        }
        if (tag >= byTag.length) {
            byTag = Arrays.copyOf(byTag, byTag.length * 2);
        }
        byTag[tag] = call;
        taken++;
        return tag;
    }

    /** Whose it is; null: nobody's. */
    @SuppressWarnings("unchecked") // only take() puts something in
    @Nullable
    E get(int tag) {
        return tag < byTag.length ? (E) byTag[tag] : null;
    }

    /** The call with this tag is over. */
    void free(int tag) {
        byTag[tag] = null;
        if (free == freeTags.length) {
            freeTags = Arrays.copyOf(freeTags, free * 2);
        }
        freeTags[free++] = tag;
        taken--;
    }

    boolean isEmpty() {
        return taken == 0;
    }

    /** Forgets all of them, each shown to {@code call} before. */
    @SuppressWarnings("unchecked") // only take() puts something in
    void clear(Consumer<E> call) {
        @Nullable Object[] all = byTag;
        byTag = new @Nullable Object[FIRST];
        for (Object each : all) {
            if (each != null) {
                call.accept((E) each);
            }
        }
    }
}
