package dev.sofa.shop;

import java.io.Serializable;
import java.util.List;

public class Page<T> implements Serializable {
    private static final long serialVersionUID = 1L;
    public List<T> items;
    public T first;
    public int total;
}
