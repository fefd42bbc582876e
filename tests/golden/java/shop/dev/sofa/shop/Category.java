package dev.sofa.shop;

import java.io.Serializable;
import java.util.List;

public class Category implements Serializable {
    private static final long serialVersionUID = 1L;
    public String name;
    public Category parent;
    public List<Category> children;
}
