package dev.sofa.shop;

public class Named implements Filter {
    private static final long serialVersionUID = 1L;
    public String name;
    public And rest;
}
