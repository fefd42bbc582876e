package dev.sofa.shop;

public class ShopException extends Exception {
    private static final long serialVersionUID = 1L;
    public int code;
    public String message;
}
