/** The last `capacity` numbers, oldest first; NaN where there was no reading. */
export class Ring {
  private readonly values: Float32Array;
  private head = 0;
  private count = 0;

  constructor(readonly capacity: number) {
    this.values = new Float32Array(capacity);
  }

  get size(): number {
    return this.count;
  }

  push(value: number | null | undefined): void {
    this.values[this.head] = value === null || value === undefined || value < 0 ? NaN : value;
    this.head = (this.head + 1) % this.capacity;
    this.count = Math.min(this.count + 1, this.capacity);
  }

  clear(): void {
    this.head = 0;
    this.count = 0;
  }

  /** `index` 0 is the oldest. */
  at(index: number): number {
    return this.values[(this.head - this.count + index + this.capacity) % this.capacity] ?? NaN;
  }

  last(): number {
    return this.count ? this.at(this.count - 1) : NaN;
  }

  toArray(): number[] {
    return Array.from({ length: this.count }, (_, index) => this.at(index));
  }
}
