package dev.sofa.shop;

import java.util.Collection;
import java.util.List;

public interface Repository<T, K> {
    T get(K id);

    void save(T value);

    List<T> all(Collection<K> ids);
}
