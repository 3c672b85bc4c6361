namespace MailPlus.Engine.Primitives;

/// <summary>One page of a list and how many rows there are in all.</summary>
public sealed record Page<T>(IReadOnlyList<T> Rows, int Total);
