// Memory of one call.

struct Uninitialised {};

/// `count` values, zeroed unless asked otherwise; a vector may be loaded that begins at the last of them.
template <class T>
struct Memory {
  explicit Memory(size_t count) : Memory(count, Uninitialised{}) { std::memset(static_cast<void*>(data), 0, count * sizeof(T)); }
  Memory(size_t count, Uninitialised) : data(static_cast<T*>(takeBlock(count * sizeof(T) + 64))) {}
  Memory(Memory&& other) : data(other.data) { other.data = nullptr; }
  Memory(const Memory&) = delete;
  ~Memory() {
    if (data) giveBlock(data);
  }
  operator T*() { return data; }
  operator const T*() const { return data; }
  T* data;
};

using Buffer = Memory<float>;
using Doubles = Memory<double>;
