package dev.sofa.shop;

public class OrderException extends ShopException {
    private static final long serialVersionUID = 1L;
    public Order order;
    public ShopException before;
}
