package io.finback.wire;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How many bytes a value will take on the wire, about: never much less than Jackson's CBOR makes of it, and at most some times as
 * much. Made from the shape of records, so that a component added later counts without anybody thinking of it. Some tens of
 * nanoseconds per component.
 */
final class WireSize {
    private static final long NUMBER = 9;
    private static final long TEXT_HEAD = 3;
    /** Times, ids of actors and whatever else is written as a text of its own. */
    private static final long OTHER = 64;

    private record Component(long nameBytes, Method accessor) {}

    private static final ClassValue<Component[]> COMPONENTS = new ClassValue<>() {
        @Override
        protected Component[] computeValue(Class<?> type) {
            RecordComponent[] all = type.getRecordComponents();
            Component[] components = new Component[all.length];
            for (int i = 0; i < all.length; i++) {
                Method accessor = all[i].getAccessor();
                accessor.setAccessible(true);
                components[i] = new Component(TEXT_HEAD + text(all[i].getName()), accessor);
            }
            return components;
        }
    };

    private WireSize() {}

    static long of(@Nullable Object value) {
        if (value == null || value instanceof Boolean) {
            return 1;
        }
        if (value instanceof Number) {
            return NUMBER;
        }
        if (value instanceof CharSequence chars) {
            return TEXT_HEAD + text(chars);
        }
        if (value instanceof Record) {
            return ofRecord(value);
        }
        if (value instanceof Optional<?> optional) {
            return of(optional.orElse(null));
        }
        if (value instanceof Collection<?> items) {
            long sum = TEXT_HEAD;
            for (Object item : items) {
                sum += of(item);
            }
            return sum;
        }
        if (value instanceof Map<?, ?> map) {
            long sum = TEXT_HEAD;
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                sum += of(entry.getKey()) + of(entry.getValue());
            }
            return sum;
        }
        return value instanceof byte[] bytes ? TEXT_HEAD + bytes.length : OTHER;
    }

    private static long ofRecord(Object value) {
        // A sealed type's name may come with it.
        long sum = TEXT_HEAD + OTHER / 4;
        for (Component component : COMPONENTS.get(value.getClass())) {
            try {
                sum += component.nameBytes() + of(component.accessor().invoke(value));
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new IllegalStateException("a record that does not show its components: " + value.getClass(), e);
            }
        }
        return sum;
    }

    /** Bytes of its UTF-8 form. */
    private static int text(CharSequence chars) {
        for (int i = 0; i < chars.length(); i++) {
            if (chars.charAt(i) >= 0x80) {
                return chars.toString().getBytes(StandardCharsets.UTF_8).length;
            }
        }
        return chars.length();
    }
}
